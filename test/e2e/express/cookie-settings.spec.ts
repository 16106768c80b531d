import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, type Req, stopServers } from './support/peers.js';
import { attributes, DROP_IN, freeze, memoryStore, site, tls, until } from './support/options-helpers.js';

const NOW = '2030-01-01T00:00:00.000Z';
const IN_A_MINUTE = 'Tue, 01 Jan 2030 00:01:00 GMT';
const IN_AN_HOUR = 'Tue, 01 Jan 2030 01:00:00 GMT';

describe('cookie settings', () => {
  beforeEach(() => freeze(NOW));
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  describe.each(PEERS)('cookie settings (%s)', (_, session) => {
    async function cookieOf(cookie: unknown, secure = false) {
      const { client } = await site(session, { cookie }, {}, tls);
      const visitor = client();
      if (secure) visitor.headers['x-tls'] = '1';
      const { setCookies } = await visitor.get('/change');
      expect(setCookies).toHaveLength(1);
      return attributes(setCookies[0]);
    }

    it.each([
      [undefined, ['Path=/', 'HttpOnly']],
      [{}, ['Path=/', 'HttpOnly']],
      [{ httpOnly: false }, ['Path=/']],
      [{ domain: 'example.com' }, ['Domain=example.com', 'Path=/', 'HttpOnly']],
      [{ domain: '.example.com' }, ['Domain=.example.com', 'Path=/', 'HttpOnly']],
      [{ path: '/change' }, ['Path=/change', 'HttpOnly']],
      [{ secure: false }, ['Path=/', 'HttpOnly']],
      [{ partitioned: true }, ['Path=/', 'HttpOnly', 'Partitioned']],
      [{ partitioned: false }, ['Path=/', 'HttpOnly']],
      [{ priority: 'low' }, ['Path=/', 'HttpOnly', 'Priority=Low']],
      [{ priority: 'medium' }, ['Path=/', 'HttpOnly', 'Priority=Medium']],
      [{ priority: 'high' }, ['Path=/', 'HttpOnly', 'Priority=High']],
      [{ priority: 'HIGH' }, ['Path=/', 'HttpOnly', 'Priority=High']],
      [{ sameSite: true }, ['Path=/', 'HttpOnly', 'SameSite=Strict']],
      [{ sameSite: false }, ['Path=/', 'HttpOnly']],
      [{ sameSite: 'strict' }, ['Path=/', 'HttpOnly', 'SameSite=Strict']],
      [{ sameSite: 'lax' }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      [{ sameSite: 'Lax' }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      [{ sameSite: 'none' }, ['Path=/', 'HttpOnly', 'SameSite=None']],
      [{ sameSite: 'auto' }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      [{ secure: 'auto' }, ['Path=/', 'HttpOnly']],
      [{ secure: 'auto', sameSite: 'auto' }, ['Path=/', 'HttpOnly', 'SameSite=Lax']],
      [{ other: 'thing', encode: String }, ['Path=/', 'HttpOnly']],
    ])('over a plain connection: %j gives %j', async (cookie, expected) => {
      expect(await cookieOf(cookie)).toEqual(expected);
    });

    it.each([
      [{}, ['Path=/', 'HttpOnly']],
      [{ secure: true }, ['Path=/', 'HttpOnly', 'Secure']],
      [{ secure: 'auto' }, ['Path=/', 'HttpOnly', 'Secure']],
      [{ sameSite: 'auto' }, ['Path=/', 'HttpOnly', 'SameSite=None']],
      [{ secure: 'auto', sameSite: 'auto' }, ['Path=/', 'HttpOnly', 'Secure', 'SameSite=None']],
      [{ secure: true, sameSite: 'lax' }, ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']],
    ])('over an encrypted connection: %j gives %j', async (cookie, expected) => {
      expect(await cookieOf(cookie, true)).toEqual(expected);
    });

    it('all settings together come in the order that express-session gives them', async () => {
      const cookie = {
        sameSite: 'none',
        priority: 'high',
        partitioned: true,
        secure: true,
        httpOnly: true,
        maxAge: 60_000,
        path: '/',
        domain: 'example.com',
      };
      expect(await cookieOf(cookie, true)).toEqual([
        'Domain=example.com',
        'Path=/',
        `Expires=${IN_A_MINUTE}`,
        'HttpOnly',
        'Secure',
        'Partitioned',
        'Priority=High',
        'SameSite=None',
      ]);
    });

    it.each([
      ['maxAge is a number', { maxAge: 60_000 }, IN_A_MINUTE],
      ['maxAge is 0', { maxAge: 0 }, 'Tue, 01 Jan 2030 00:00:00 GMT'],
      ['maxAge is a Date', { maxAge: new Date('2030-01-01T00:01:00Z') }, IN_A_MINUTE],
      ['expires is a Date', { expires: new Date('2030-01-01T01:00:00Z') }, IN_AN_HOUR],
      ['maxAge comes last', { expires: new Date('2030-01-01T01:00:00Z'), maxAge: 60_000 }, IN_A_MINUTE],
      ['expires comes last', { maxAge: 60_000, expires: new Date('2030-01-01T01:00:00Z') }, IN_AN_HOUR],
    ])('%s: there is an Expires and no Max-Age', async (_case, cookie, expires) => {
      expect(await cookieOf(cookie)).toEqual(['Path=/', `Expires=${expires}`, 'HttpOnly']);
    });

    it.each([
      { maxAge: null },
      { maxAge: undefined },
      { expires: null },
      { expires: false },
      { maxAge: 60_000, expires: null },
      { expires: new Date('2030-01-01T01:00:00Z'), maxAge: null },
    ])('the cookie lasts as long as the browser with %j', async (cookie) => {
      expect(await cookieOf(cookie)).toEqual(['Path=/', 'HttpOnly']);
    });

    it.each([
      ['domain', { domain: 'exa mple.com' }],
      ['domain', { domain: 'example.com; Path=/other' }],
      ['priority', { priority: 'urgent' }],
      ['sameSite', { sameSite: 'sometimes' }],
      ['expires', { expires: new Date(NaN) }],
    ])('a wrong %s is an error passed to next, without a cookie: %j', async (name, cookie) => {
      const { client, errors } = await site(session, { cookie });
      expect((await client().get('/change')).setCookies).toEqual([]);
      await until(() => errors.length > 0);
      expect(String(errors[0])).toMatch(`TypeError: option ${name} is invalid`);
    });

    it('a wrong path is an error passed to next, without a cookie', async () => {
      const { client, errors } = await site(session, { cookie: { path: '/a;b' } });
      expect((await client().get('/a;b/change')).setCookies).toEqual([]);
      await until(() => errors.length > 0);
      expect(String(errors[0])).toMatch('TypeError: option path is invalid');
    });

    it('a handler can change the cookie of its visitor alone', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true, cookie: { maxAge: 60_000 } },
        {
          own: (req) =>
            void Object.assign(req.session.cookie as object, {
              maxAge: 3_600_000,
              domain: 'example.com',
              path: '/own',
              sameSite: 'strict',
              httpOnly: false,
              priority: 'low',
            }),
        },
      );
      expect(attributes((await client().get('/own')).setCookies[0])).toEqual([
        'Domain=example.com',
        'Path=/own',
        `Expires=${IN_AN_HOUR}`,
        'Priority=Low',
        'SameSite=Strict',
      ]);
      expect(attributes((await client().get('/')).setCookies[0])).toEqual([
        'Path=/',
        `Expires=${IN_A_MINUTE}`,
        'HttpOnly',
      ]);
    });

    it.each(['expires', 'maxAge'])(
      'a handler can make the cookie last as long as the browser: %s',
      async (name) => {
        const { client } = await site(
          session,
          { saveUninitialized: true, cookie: { maxAge: 60_000 } },
          { brief: (req) => void (req.session.cookie[name] = name === 'expires' ? false : null) },
        );
        expect(attributes((await client().get('/brief')).setCookies[0])).toEqual(['Path=/', 'HttpOnly']);
      },
    );

    it('a cookie that a handler makes secure is not sent over a plain connection', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { secure: (req) => void (req.session.cookie.secure = true) },
      );
      expect((await client().get('/secure')).setCookies).toEqual([]);
    });

    it('a session keeps the attributes it began with under settings that changed', async () => {
      const store = memoryStore(session);
      const first = await site(session, { store, cookie: { maxAge: 60_000, sameSite: 'lax' } });
      const visitor = await first.visitor();
      const { client } = await site(session, {
        store,
        rolling: true,
        cookie: { maxAge: 5000, sameSite: 'strict' },
      });
      const later = client();
      later.headers.cookie = visitor.cookieHeader;
      expect(attributes((await later.get('/')).setCookies[0])).toEqual([
        'Path=/',
        `Expires=${IN_A_MINUTE}`,
        'HttpOnly',
        'SameSite=Lax',
      ]);
    });

    it('what "auto" came to is kept with the session', async () => {
      const { client, rows } = await site(session, { cookie: { secure: 'auto', sameSite: 'auto' } }, {}, tls);
      const visitor = client();
      visitor.headers['x-tls'] = '1';
      await visitor.get('/change');
      expect(Object.values(await rows())[0]!.cookie).toMatchObject({ secure: true, sameSite: 'none' });
    });

    describe('as a function of the request', () => {
      const perTenant = (req: Req): object => ({
        path: `/${req.url!.split('/')[1]}`,
        maxAge: req.headers['x-remember'] ? 60_000 : null,
      });

      it('each request has the settings that the function returns for it', async () => {
        const { client } = await site(session, { cookie: perTenant });
        const remembered = client();
        remembered.headers['x-remember'] = '1';
        expect(attributes((await remembered.get('/a/change')).setCookies[0])).toEqual([
          'Path=/a',
          `Expires=${IN_A_MINUTE}`,
          'HttpOnly',
        ]);
        expect(attributes((await client().get('/b/change')).setCookies[0])).toEqual(['Path=/b', 'HttpOnly']);
      });

      it('a session that it began is read again', async () => {
        const { client } = await site(session, { cookie: perTenant });
        const visitor = client();
        await visitor.get('/a/change');
        expect((await visitor.get('/a/')).body.data.n).toBe(1);
      });

      it('its path decides whether the request has a session', async () => {
        const { client } = await site(session, { saveUninitialized: true, cookie: () => ({ path: '/in' }) });
        expect((await client().get('/in')).setCookies).toHaveLength(1);
        expect(await client().get('/out')).toMatchObject({ body: { data: null }, setCookies: [] });
      });

      it('a session that a later request regenerates has the settings of that request', async () => {
        const { client } = await site(
          session,
          { cookie: perTenant },
          {
            again: (req) =>
              new Promise((resolve) => {
                (req.session as { regenerate(callback: unknown): void }).regenerate(resolve);
              }),
          },
        );
        const visitor = client();
        await visitor.get('/a/change');
        expect(attributes((await visitor.get('/b/again')).setCookies[0])).toEqual(['Path=/b', 'HttpOnly']);
      });

      it('an error that it throws fails the request', async () => {
        const { client } = await site(session, {
          cookie: () => {
            throw new Error('no such tenant');
          },
        });
        expect(await client().get('/')).toMatchObject({ status: 500, text: 'no such tenant' });
      });
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it('a response that sets the cookie is not to be stored by a cache', async () => {
      const { client } = await site(session);
      expect((await client().get('/change')).headers.get('cache-control')).toBe('no-store');
    });

    it('what the application said about caches stays', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { cached: (_req, res) => res.setHeader('Cache-Control', 'private, max-age=5') },
      );
      const { headers, setCookies } = await client().get('/cached');
      expect(setCookies).toHaveLength(1);
      expect(headers.get('cache-control')).toBe('private, max-age=5');
    });

    it('a response without the cookie says nothing about caches', async () => {
      const { visitor } = await site(session);
      const { headers, setCookies } = await (await visitor()).get('/');
      expect(setCookies).toEqual([]);
      expect(headers.has('cache-control')).toBe(false);
    });

    it('a response whose handler looked at the session varies by Cookie', async () => {
      const { client } = await site(session, {}, { look: (req, res) => res.end(String(req.session.n)) });
      expect((await client().get('/look')).headers.get('vary')).toBe('Cookie');
    });

    it('a Vary of the application stays', async () => {
      const { client } = await site(
        session,
        {},
        { look: (req, res) => res.setHeader('Vary', 'Accept').end(String(req.session.n)) },
      );
      expect((await client().get('/look')).headers.get('vary')).toMatch(/^Accept, ?Cookie$/);
    });

    it('a response whose handler left the session alone does not vary', async () => {
      const { client } = await site(session, {}, { leave: (_req, res) => res.end() });
      expect((await client().get('/leave')).headers.has('vary')).toBe(false);
    });
  });
});
