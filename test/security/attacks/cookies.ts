import { expect } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { Hearing } from '../support/hearing.js';
import { type Attacks, member, type Scene, seenWith, visitor } from '../support/scene.js';

/** An instance behind a proxy that ends TLS, which it trusts, and the cookie it gives. */
async function overTls({ open }: Scene, options: Partial<SessionModuleOptions> = {}) {
  const site = await open(options, (app: NestExpressApplication) => app.set('trust proxy', 1));
  const client = site.client();
  client.headers['x-forwarded-proto'] = 'https';
  const { setCookies } = await client.post('/run/set', { color: 'green' });
  return { site, client, setCookies };
}

/** How the session cookie is sent, kept from caches, and taken back. */
export const cookies: Attacks = {
  'ASVS 3.3.1, 3.3.3: Secure and __Host-, whose rules hold from the start': async (scene) => {
    const secure = await overTls(scene, { cookie: { secure: true } });
    expect(secure.setCookies[0]).toMatch(/^__Host-sid=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect((await secure.client.get('/run/read')).body).toEqual({ color: 'green' });
    const shared = { secure: true, domain: 'shop.test' };
    const { setCookies } = await overTls(scene, { name: '__Secure-sid', cookie: shared });
    expect(setCookies[0]).toMatch(/^__Secure-sid=[^;]+; Domain=shop.test; Path=\/; HttpOnly; Secure/);
    expect((await overTls(scene)).setCookies[0]).toMatch(/; Secure/); // 'auto', the default
    for (const cookie of [shared, { secure: true, path: '/app' }, { secure: false }, {}])
      await expect(scene.open({ name: '__Host-sid', cookie })).rejects.toThrow(/option "name": "__Host-sid"/);
    for (const cookie of [{ secure: false }, {}])
      await expect(scene.open({ name: '__Secure-sid', cookie })).rejects.toThrow(/"__Secure-sid"/);
  },

  'ASVS 3.3.2: SameSite is always said': async (scene) => {
    const said = async (cookie: SessionModuleOptions['cookie'] & object) =>
      /; SameSite=(\w+)/.exec((await overTls(scene, { cookie })).setCookies[0]!)?.[1];
    expect(await said({})).toBe('Lax');
    expect(await said({ sameSite: 'strict' })).toBe('Strict');
    expect(await said({ sameSite: 'auto' })).toBe('None');
    expect(await said(() => ({}))).toBe('Lax');
  },

  'ASVS 3.3.4: scripts do not see the cookie, nor its value anywhere else': async ({ open }) => {
    const site = await open();
    site.handle('all', ({ session, req }) => ({ ...session, session, cookies: Object.keys(req) }));
    const client = await visitor(site);
    const { setCookies, text, headers } = await client.post('/run/rotate');
    expect(setCookies).toEqual([expect.stringMatching(/; HttpOnly/)]);
    const others = [...headers].filter(([name]) => name !== 'set-cookie');
    const everything = `${text} ${JSON.stringify(others)} ${(await client.get('/run/all')).text}`;
    expect(everything).toContain('green');
    expect(everything).not.toContain(client.sessionId);
  },

  'ASVS 3.3.5: a cookie that browsers would drop is an error': async ({ open }) => {
    const site = await open({ name: 'n'.repeat(3_920) });
    const { setCookies } = await site.client().post('/run/set', { color: 'green' });
    const [pair] = setCookies[0]!.split(';');
    expect(Buffer.byteLength(pair!) - 1).toBeLessThanOrEqual(4_096); // the "=" does not count
    const tooLong = await open({ name: 'n'.repeat(4_050) });
    const answer = await tooLong.client().post('/run/set', { color: 'green' });
    expect([answer.status, answer.setCookies]).toEqual([500, []]);
  },

  'ASVS 14.3.2: no cache keeps a response that has the cookie': async ({ open }) => {
    const site = await open({ cookie: { maxAge: '1h' }, rolling: true });
    site.handle('own', ({ session, res }) => {
      session.color = 'red';
      res.setHeader('Cache-Control', 'private, max-age=60');
    });
    site.handle('head', ({ session, res }) => {
      session.color = 'blue';
      res.writeHead(200, { 'Content-Type': 'text/plain' }).end('done');
    });
    const client = site.client();
    for (const path of [
      '/run/set',
      '/run/login',
      '/run/read',
      '/raw/head',
      '/plain/nothing',
      '/run/logout',
    ]) {
      const { setCookies, headers } = await client.post(path, { userId: 'ann' });
      expect([path, setCookies.length, headers.get('cache-control')]).toEqual([path, 1, 'no-store']);
    }
    const { headers } = await site.client().get('/run/own');
    expect(headers.get('cache-control')).toBe('private, max-age=60'); // the application's own word counts
    site.handle('public', ({ session, res }) => {
      session.color = 'red';
      res.setHeader('Cache-Control', 'public, max-age=60');
      res.setHeader('CDN-Cache-Control', 'max-age=600');
    });
    const shared = await site.client().get('/run/public'); // unless it would have everybody given the cookie
    expect([shared.setCookies.length, shared.headers.get('cache-control')]).toEqual([1, 'private, no-store']);
    expect(shared.headers.get('cdn-cache-control')).toBeNull();
  },

  'ASVS 14.3.1: the browser clears what it holds of a session that is over': async ({ open }) => {
    const site = await open({ clearSiteData: true });
    const [client, other] = [await member(site), site.client()];
    for (const way of ['read', 'set', 'rotate'])
      expect((await client.post(`/run/${way}`)).headers.get('clear-site-data')).toBeNull();
    expect((await client.post('/run/logout')).headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect((await other.post('/run/logout')).headers.get('clear-site-data')).toBeNull(); // nobody was signed in
  },

  'The cookie is expired at logout, with the attributes it was set with': async (scene) => {
    for (const way of ['logout', 'destroy', 'regenerate']) {
      const { client, site, setCookies } = await overTls(scene, {
        cookie: { secure: true, path: '/run', sameSite: 'strict', domain: 'shop.test' },
      });
      const before = client.copy();
      before.headers['x-forwarded-proto'] = 'https';
      const attributes = setCookies[0]!.split('; ').slice(1);
      const [line = ''] = (await client.post(`/run/${way}`)).setCookies;
      expect(line).toMatch(/^sid=; Max-Age=0; .*Expires=Thu, 01 Jan 1970/);
      expect(line.split('; ')).toEqual(expect.arrayContaining(attributes));
      expect(await seenWith(before, site)).toEqual({});
    }
  },

  'The cookie and the headers do not name the stack': async (scene) => {
    const plain = await scene.open();
    const { setCookies, headers } = await plain.client().post('/run/set', { color: 'green' });
    const tls = await overTls(scene, { cookie: { secure: true } });
    const names = [setCookies, tls.setCookies].map(([line]) => line!.split('=')[0]);
    expect(names).toEqual(['sid', '__Host-sid']);
    const server = ['x-powered-by', 'date', 'connection', 'keep-alive', 'content-length', 'set-cookie'];
    const ours = [...headers.keys()].filter((name) => !server.includes(name));
    expect(ours.sort()).toEqual(['cache-control', 'vary']);
    expect(JSON.stringify([...headers, setCookies])).not.toMatch(/nest|session|connect\.|typeorm/i);
  },

  'A secure cookie on a plain connection is reported once, with the likely cause': async (scene) => {
    const hearing = new Hearing();
    scene.atEnd(() => hearing.end());
    const site = await scene.open({ cookie: { secure: true } }, (app) => app.useLogger(hearing.logger));
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'https'; // by a proxy that is not trusted
    hearing.said.splice(0);
    for (const way of ['set', 'login', 'rotate', 'set'])
      expect(await client.post(`/run/${way}`, { userId: 'ann' })).toMatchObject({
        status: 200,
        setCookies: [],
      });
    expect(hearing.said).toEqual([expect.stringMatching(/plain HTTP.*app\.set\("trust proxy", 1\)/)]);
    expect([site.spy.count(), await site.sessions.count()]).toEqual([0, 0]);
  },
};
