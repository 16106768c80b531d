import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { type Backend, BACKENDS, FRAMEWORKS, type AnySite, siteOn } from '../../support/site.js';

/** The cookie over plain and over secure connections, and behind a proxy. */
describe.each(FRAMEWORKS)('a secure cookie ($adapter)', ({ adapter, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  const warnings: string[] = [];

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    warnings.length = 0;
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  async function open(options: Partial<SessionModuleOptions>, trustProxy = false) {
    const quiet = () => undefined;
    site = await siteOn(adapter, { trustProxy })(backend, options, (app) => {
      app.useLogger({
        log: quiet,
        error: quiet,
        debug: quiet,
        verbose: quiet,
        warn: (message: string) => void warnings.push(message),
      });
    });
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'https';
    return client;
  }

  it('over a plain connection: no cookie, no row, and one warning that names the likely cause', async () => {
    const client = await open({ cookie: { secure: true } });
    for (let i = 0; i < 3; i++)
      expect(await client.post('/run/set', { a: 1 })).toMatchObject({ status: 200, setCookies: [] });
    expect(await client.post('/run/login', { userId: 'ann' })).toMatchObject({ status: 200, setCookies: [] });
    expect(site.spy.count()).toBe(0);
    expect(warnings).toEqual([expect.stringMatching(/plain HTTP.*trust proxy/)]);
  });

  it.each([{ sameSite: 'none' as const }, { partitioned: true }])(
    'so is one that browsers take as a secure one alone: %j',
    async (cookie) => {
      const client = await open({ cookie });
      expect(await client.post('/run/set', { a: 1 })).toMatchObject({ status: 200, setCookies: [] });
      expect(site.spy.count()).toBe(0);
      expect(warnings).toEqual([expect.stringMatching(/plain HTTP.*trust proxy/)]);
    },
  );

  it('behind a trusted proxy it is sent, as __Host-sid where it qualifies', async () => {
    const client = await open({ cookie: { secure: true } }, true);
    const { setCookies } = await client.post('/run/set', { a: 1 });
    expect(setCookies[0]).toMatch(/^__Host-sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect((await client.get('/run/read')).body).toEqual({ a: 1 });
    expect(warnings).toEqual([]);
  });

  it('proxy: true believes X-Forwarded-Proto by itself, proxy: false never does', async () => {
    const believing = await open({ cookie: { secure: 'auto' }, proxy: true });
    expect((await believing.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; Secure/);
    await site.close();
    const doubting = await open({ cookie: { secure: 'auto' }, proxy: false }, true);
    expect((await doubting.post('/run/set', { a: 1 })).setCookies[0]).not.toMatch(/; Secure/);
  });

  it('"auto" follows the connection, for sameSite too', async () => {
    const client = await open({ cookie: { secure: 'auto', sameSite: 'auto' } }, true);
    expect((await client.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; Secure; SameSite=None$/);
    const plain = site.client();
    expect((await plain.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
  });

  it('a stream of a stored session with a persistent cookie is no cause for a warning; a session begun too late is', async () => {
    const client = await open({ cookie: { maxAge: '1h', secure: 'auto' }, rolling: true });
    site.handle('stream', ({ session, takeOver }) => {
      const res = takeOver();
      void session.a;
      res.write('first ');
      res.end('last');
    });
    site.handle('late', ({ session, takeOver }) => {
      const res = takeOver();
      res.write('first ');
      session.a = 1;
      res.end('last');
    });
    await client.post('/run/set', { a: 1 });
    expect(await client.get('/raw/stream')).toMatchObject({
      text: 'first last',
      setCookies: [expect.any(String)],
    });
    expect(warnings).toEqual([]);
    expect((await site.client().get('/raw/late')).setCookies).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/after the response was sent/)]);
  });

  it('settings may be a function of the request', async () => {
    const client = await open({
      cookie: (req) => ({
        sameSite: req.headers['x-embedded'] ? 'none' : 'strict',
        secure: 'auto',
        maxAge: '2h',
      }),
    });
    expect((await client.post('/run/set', { a: 1 })).setCookies[0]).toMatch(
      /Max-Age=7200; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/,
    );
  });

  it('a name or path that no cookie may have is refused at the start (CVE-2024-47764)', async () => {
    site = await openSite(backend);
    await expect(openSite(backend, { name: 'sid; path=/; x' })).rejects.toThrow(/"name" or "cookie"/);
    await expect(openSite(backend, { cookie: { path: '/; domain=evil.example' } })).rejects.toThrow(
      /"name" or "cookie"/,
    );
    await expect(openSite(backend, { name: '__Host-sid' })).rejects.toThrow(/option "name": "__Host-sid"/);
    await expect(openSite(backend, { cookie: { sameSite: 'none', secure: false } })).rejects.toThrow(
      /cookie.sameSite/,
    );
  });
});
