import { expect } from '@jest/globals';
import { get, type ServerResponse } from 'node:http';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { MINUTE } from '../../support/clock.js';
import { type Handler } from '../../support/site.js';
import { type Attacks, member, visitor } from '../support/scene.js';

/** The header lines of a response as they came over the wire, with their names in lower case. */
function headerLines(url: string, cookie: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { cookie }, agent: false }, (response) => {
      const { rawHeaders: raw } = response;
      const names = raw.filter((_, index) => index % 2 === 0);
      const lines = names.map((name, index) => `${name.toLowerCase()}: ${raw[2 * index + 1]}`);
      response.resume().on('end', () => resolve(lines));
    }).on('error', reject);
  });
}

/** What stands in the head of a response. */
export const headers: Attacks = {
  'CVE-2023-30861: a response that renews the cookie of a session nobody looked at varies on it': async ({
    open,
    clock,
  }) => {
    const site = await open({ cookie: { maxAge: '1h' } });
    site.handle('public', ({ res }) => void res.setHeader('Cache-Control', 'public, max-age=600'));
    const client = await member(site);
    clock.advance(10 * MINUTE);
    const loud = await client.get('/plain/public'); // what caches may store renews no cookie: the next response does
    expect([loud.setCookies.length, loud.headers.get('cache-control')]).toEqual([0, 'public, max-age=600']);
    const silent = await client.get('/plain/nothing');
    expect([silent.setCookies.length, silent.headers.get('cache-control')]).toEqual([1, 'no-store']);
    expect(silent.headers.get('vary')).toBe('Cookie');
  },

  'CVE-2026-27205: every way to look at the session makes the response vary on it': async ({ open }) => {
    const ways: Record<string, Handler> = {
      in: ({ req }) => ({ found: 'color' in req.session }),
      keys: ({ req }) => Object.keys(req.session),
      hasOwn: ({ req }) => ({ found: Object.hasOwn(req.session, 'color') }),
      json: ({ req }) => JSON.stringify(req.session),
      truth: ({ req }) => ({ found: Boolean(req.session) }),
      handle: ({ req }) => req.session.handle,
      isNew: ({ req }) => ({ found: req.session.isNew }),
      cookie: ({ req }) => ({ path: req.session.cookie.path }),
      flash: ({ req }) => req.session.flash('notice'),
      destructured: ({ req: { session } }) => typeof session,
    };
    for (const load of ['eager', 'lazy'] as const) {
      const site = await open({ load });
      ways.service = async ({ req }) => ((await site.sessions.load(req)).isNew ? 'new' : 'old');
      ways.list = async ({ req }) => (await site.sessions.list('ann', { current: req })).length;
      for (const [name, way] of Object.entries(ways)) {
        site.handle(name, way);
        const path = load === 'eager' || ['service', 'list'].includes(name) ? 'plain' : 'run';
        for (const client of [await visitor(site), site.client()]) {
          const answer = await client.get(`/${path}/${name}`);
          expect([load, name, answer.status, answer.headers.get('vary')]).toEqual([
            load,
            name,
            200,
            'Cookie',
          ]);
        }
      }
      const untouched = await (await visitor(site)).get('/plain/nothing');
      expect([load, untouched.headers.get('vary')]).toEqual([load, null]);
    }
  },

  'CVE-2024-47764: nothing can be put into the Set-Cookie header': async ({ open }) => {
    const refused: readonly Partial<SessionModuleOptions>[] = [
      { name: 'sid; Domain=evil.test' },
      { name: 'sid=x; a' },
      { name: 'sid\r\nSet-Cookie: a' },
      { cookie: { path: '/; Domain=evil.test' } },
      { cookie: { path: '/\r\nX-Evil: 1' } },
      { cookie: { domain: 'shop.test; Path=/evil' } },
      { cookie: { domain: 'shop.test\r\nX-Evil: 1' } },
    ];
    for (const options of refused)
      await expect(open(options)).rejects.toMatchObject({ code: 'SESSION_OPTIONS_INVALID' });
    const byHost = await open({
      cookie: ({ headers }) => ({ domain: headers['x-tenant'] as string, path: '/' }),
    });
    const client = byHost.client();
    client.headers['x-tenant'] = 'shop.test; Path=/evil';
    expect(await client.post('/run/set', { a: 1 })).toMatchObject({ status: 500, setCookies: [] });
    const site = await open();
    site.handle('path', ({ session, body }) => {
      session.a = 1;
      session.cookie.path = body.path as string;
    });
    site.handle('domain', ({ session, body }) => {
      session.a = 1;
      session.cookie.domain = body.domain as string;
    });
    for (const attribute of ['path', 'domain']) {
      const answer = await site.client().post(`/run/${attribute}`, { [attribute]: '/x; HttpOnly=no; a=b' });
      expect([attribute, answer.status, answer.setCookies]).toEqual([attribute, 500, []]);
    }
  },

  'CVE-2025-7339: headers given to writeHead as an array arrive as they are': async ({ open }) => {
    const list = ['X-One', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Two', '2', 'X-One', 'again'];
    const given = ['set-cookie: a=1', 'set-cookie: b=2', 'x-one: 1', 'x-one: again', 'x-two: 2'];
    const heads: Record<string, (res: ServerResponse) => void> = {
      bare: (res) => void res.writeHead(200, list).end(),
      reason: (res) => void res.writeHead(200, 'Fine', list).end(),
      early: (res) => {
        res.setHeader('X-Two', 'replaced');
        res.writeHead(200, list).end('body');
      },
    };
    const site = await open({ cookie: { maxAge: '1h' } });
    for (const [name, write] of Object.entries(heads)) {
      site.handle(name, ({ session, res }) => {
        session.color = 'red';
        write(res);
      });
      const { cookieHeader } = await visitor(site);
      for (const cookie of ['', cookieHeader]) {
        const lines = await headerLines(`${site.base}/raw/${name}`, cookie);
        const isOwn = (line: string): boolean => line.startsWith('set-cookie: sid=');
        const theirs = lines.filter((line) => /^(set-cookie|x-(one|two)):/.test(line) && !isOwn(line));
        expect([name, theirs.sort()]).toEqual([name, given]);
        expect([name, lines.filter(isOwn).length]).toEqual([name, 1]);
      }
      expect(list).toHaveLength(10); // the application's own array is not added to
    }
  },
};
