import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { fakeClock } from '../../../lib/testing/index.js';
import {
  type AnyHandler,
  type AnySession,
  type AnySite,
  type Backend,
  BACKENDS,
  FRAMEWORKS,
} from '../../support/site.js';

const MINUTE = 60_000;

/** DESIGN 5.10: what a shared cache may store goes to others, too. */
describe.each(FRAMEWORKS)('a response that a shared cache may store ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: ReturnType<typeof fakeClock>;
  let headers: Record<string, string>;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend, { cookie: { maxAge: '1h' }, idleTimeout: '1h', rotateInterval: '30m' });
    clock = fakeClock(site.app);
    const answer =
      (change: (session: AnySession) => unknown): AnyHandler =>
      async ({ session, res }) => {
        for (const [name, value] of Object.entries(headers)) res.header(name, value);
        await change(session);
        return 'public';
      };
    site.handle(
      'page',
      answer(() => undefined),
    );
    site.handle(
      'count',
      answer((session) => (session.count = Number(session.count ?? 0) + 1)),
    );
    site.handle(
      'enter',
      answer((session) => session.login('ann')),
    );
    site.handle(
      'leave',
      answer((session) => session.logout()),
    );
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  async function visitor(): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', { cart: [1] });
    site.spy.reset();
    return client;
  }

  const CACHEABLE: Record<string, string>[] = [
    { 'Cache-Control': 'public, max-age=60' },
    { 'Cache-Control': 'max-age=31536000, immutable' },
    { 'Cache-Control': 's-maxage=60' },
    { Expires: new Date(Date.now() + 60 * MINUTE).toUTCString() },
    { 'CDN-Cache-Control': 'max-age=60' },
    { 'Surrogate-Control': 'max-age=60' },
    { 'Cache-Control': 'no-cache', 'Vercel-CDN-Cache-Control': 'max-age=60' },
  ];

  it.each(CACHEABLE)(
    'carries no renewed cookie, and costs no touch: they wait for the next (%j)',
    async (given) => {
      const client = await visitor();
      clock.advance(10 * MINUTE);
      headers = given;
      const cached = await client.get('/run/page');
      expect(cached.setCookies).toEqual([]);
      expect(cached.headers.get('cache-control')).toBe(given['Cache-Control'] ?? null);
      expect(site.spy.count('update')).toBe(0);
      headers = {};
      const next = await client.get('/run/page');
      expect(next.setCookies).toHaveLength(1);
      expect(next.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('carries no new id that is due by the clock', async () => {
    const client = await visitor();
    clock.advance(31 * MINUTE);
    headers = CACHEABLE[0]!;
    const { sessionId } = client;
    expect((await client.get('/run/page')).setCookies).toEqual([]);
    headers = {};
    await client.get('/run/page');
    expect(client.sessionId).not.toBe(sessionId);
  });

  it('has its changes stored all the same', async () => {
    const client = await visitor();
    headers = CACHEABLE[0]!;
    const answer = await client.get('/run/count');
    expect(answer.setCookies).toEqual([]);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
    expect((await client.get('/run/read')).body).toEqual({ cart: [1], count: 1 });
  });

  it.each(CACHEABLE)(
    'is private where it has to carry a new session, a new id or an end (%j)',
    async (given) => {
      headers = given;
      const newcomer = site.client();
      const known = await visitor();
      const answers = [
        await newcomer.get('/run/count'),
        await known.get('/run/enter'),
        await known.get('/run/leave'),
      ];
      for (const answer of answers) {
        expect(answer.setCookies).toHaveLength(1);
        expect(answer.headers.get('cache-control')).toBe('private, no-store');
        for (const name of ['cdn-cache-control', 'surrogate-control', 'vercel-cdn-cache-control'])
          expect(answer.headers.get(name)).toBeNull();
      }
    },
  );

  it.each([
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['accept-encoding, cookie', 'accept-encoding, cookie'],
    ['*', '*'],
  ])('says once that it depends on the cookie, beside Vary: %s', async (vary, expected) => {
    const client = await visitor();
    headers = { Vary: vary };
    expect((await client.get('/run/count')).headers.get('vary')).toBe(expected);
  });

  it.each<Record<string, string>>([
    { 'Cache-Control': 'no-cache', Expires: '0' },
    { 'Cache-Control': 'max-age=0, must-revalidate' },
    { Expires: 'Thu, 01 Jan 1970 00:00:00 GMT' },
  ])(
    'is none without a lifetime: the session stays alive, and its cookie is kept private (%j)',
    async (given) => {
      const client = await visitor();
      headers = given;
      for (let visit = 0; visit < 4; visit++) {
        clock.advance(10 * MINUTE);
        const answer = await client.get('/run/page');
        expect(answer.setCookies).toHaveLength(1);
        expect(answer.headers.get('cache-control')).toBe('private, no-store');
      }
      expect((await client.get('/run/read')).body).toEqual({ cart: [1] });
    },
  );

  it.each(['private, max-age=60', 'no-store', 'no-cache'])(
    'is none with Cache-Control: %s',
    async (control) => {
      const client = await visitor();
      clock.advance(10 * MINUTE);
      headers = { 'Cache-Control': control };
      const answer = await client.get('/run/page');
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.headers.get('cache-control')).toBe(control);
    },
  );
});
