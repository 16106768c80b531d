import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, type Req, serve, stopServers } from './support/peers.js';
import {
  answerOf,
  DROP_IN,
  memoryStore,
  middleware,
  QUIET,
  raw,
  SECRET,
  site,
} from './support/options-helpers.js';

describe('path', () => {
  afterEach(stopServers);

  describe.each(PEERS)('cookie.path (%s)', (_, session) => {
    async function hasSession(path: string, target: string, method = 'GET') {
      const { base } = await site(session, { saveUninitialized: true, cookie: { path } });
      const { setCookies, text, status } = await raw(base, target, {}, method);
      const { data } = JSON.parse(text) as { data: unknown };
      expect(status).toBe(200);
      expect(setCookies).toHaveLength(data === null ? 0 : 1);
      return data !== null;
    }

    it.each([
      ['/', '/', true],
      ['/', '/anything/at/all', true],
      ['/admin', '/admin', true],
      ['/admin', '/admin/', true],
      ['/admin', '/admin/users', true],
      ['/admin', '/admin?a=1', true],
      ['/admin', '/admin/?a=/x', true],
      ['/admin', '/', false],
      ['/admin', '/adm', false],
      ['/admin', '/Admin', false],
      ['/admin', '/%61dmin', false],
      ['/admin', '/other/admin', false],
      ['/admin', '/?/admin', false],
      ['/admin', '//admin', false],
      ['/admin/', '/admin', false],
      ['/admin/', '/admin/', true],
      ['/admin/', '/admin/users', true],
      ['/a/b', '/a', false],
      ['/a/b', '/a/b/c', true],
    ])('%s: a request of %s has a session: %s', async (path, target, expected) => {
      expect(await hasSession(path, target)).toBe(expected);
    });

    it.each([
      ['http://example.com/admin/users', true],
      ['http://example.com/other', false],
    ])('a request that names the whole address %s has a session: %s', async (target, expected) => {
      expect(await hasSession('/admin', target)).toBe(expected);
    });

    it('a request of the server as a whole has no session', async () => {
      expect(await hasSession('/', '*', 'OPTIONS')).toBe(false);
    });

    it.each(['', '?a=1', '#a'])('a request whose url is "%s" is one of "/"', async (url) => {
      const { client } = await site(session, { saveUninitialized: true }, {}, (req) => void (req.url = url));
      expect((await client().get('/')).setCookies).toHaveLength(1);
    });

    it('req.originalUrl counts where a router has cut req.url', async () => {
      const cut = (req: Req): void => {
        req.originalUrl = req.url;
        req.url = req.url!.slice('/app'.length);
      };
      const { client } = await site(
        session,
        { saveUninitialized: true, cookie: { path: '/app/in' } },
        {},
        cut,
      );
      expect((await client().get('/app/in')).setCookies).toHaveLength(1);
      expect((await client().get('/app/out')).setCookies).toEqual([]);
    });

    it('outside, a cookie is not looked at', async () => {
      const { client } = await site(session, { cookie: { path: '/admin' } });
      const visitor = client();
      await visitor.get('/admin/change');
      expect((await visitor.get('/other')).body).toEqual({ data: null });
      expect((await visitor.get('/admin')).body.data.n).toBe(1);
    });

    it('outside, a secret is not needed', async () => {
      const { client } = await site(session, { secret: undefined, cookie: { path: '/admin' } });
      expect((await client().get('/other')).status).toBe(200);
      expect((await client().get('/admin')).status).toBe(500);
    });

    it('the store is asked for nothing outside', async () => {
      const { client, calls } = await site(session, {
        saveUninitialized: true,
        unset: 'destroy',
        cookie: { path: '/admin' },
      });
      await client().get('/other');
      expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
    });
  });

  describe.each(PEERS)('more than one middleware (%s)', (_, session) => {
    const site2 = (second: object, first: object = {}) => {
      const next = middleware(session, { ...QUIET, ...second });
      return serve(session, { ...QUIET, ...first }, async (req, res) => {
        await new Promise<void>((resolve, reject) => {
          next(req, res, (error) => (error instanceof Error ? reject(error) : resolve()));
        });
        if (req.session && req.url!.endsWith('change')) req.session.n = (req.session.n ?? 0) + 1;
        res.end(answerOf(req));
      });
    };

    it('a session that is there already is left alone', async () => {
      const own = { mine: true };
      const { client, calls } = await site(
        session,
        { saveUninitialized: true, resave: true },
        { store: (req, res) => res.end(JSON.stringify([req.session, req.sessionStore ?? null])) },
        (req) => (req.session = own),
      );
      expect(await client().get('/store')).toMatchObject({ body: [own, null], setCookies: [] });
      expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
    });

    it('a session that is there already needs no secret', async () => {
      const { client } = await site(session, { secret: undefined }, {}, (req) => (req.session = {}));
      expect((await client().get('/')).status).toBe(200);
    });

    it('the second of two with the same settings does nothing', async () => {
      const store = memoryStore(session);
      const served = await site2({ store, saveUninitialized: true }, { store, saveUninitialized: true });
      const visitor = served.client();
      expect((await visitor.get('/change')).setCookies).toHaveLength(1);
      expect((await visitor.get('/')).body.data.n).toBe(1);
    });

    it('the same one twice in a request does its work once', async () => {
      const run = middleware(session, { ...QUIET, saveUninitialized: true });
      const served = await serve(session, { ...QUIET, cookie: { path: '/never' } }, (req, res) => {
        run(req, res, () => {
          const { session: first } = req;
          run(req, res, () => res.end(String(req.session === first)));
        });
      });
      expect(await served.client().get('/')).toMatchObject({
        text: 'true',
        setCookies: [expect.any(String)],
      });
    });

    it('the second takes the requests that the path of the first leaves out', async () => {
      const served = await site2(
        { name: 'site', secret: 'site secret' },
        { name: 'admin', cookie: { path: '/admin' } },
      );
      const visitor = served.client();
      await visitor.get('/admin/change');
      await visitor.get('/change');
      await visitor.get('/change');
      expect([...visitor.cookies.keys()]).toEqual(['admin', 'site']);
      expect((await visitor.get('/admin')).body.data.n).toBe(1);
      expect((await visitor.get('/')).body.data.n).toBe(2);
    });

    it('two of one name and one path but other stores: the first has its say', async () => {
      const [one, two] = [memoryStore(session), memoryStore(session)];
      const served = await site2({ store: two }, { store: one });
      const { body } = await served.client().get('/change');
      const found = await new Promise((resolve) => one.get(body.id as string, (_error, row) => resolve(row)));
      const other = await new Promise((resolve) => two.get(body.id as string, (_error, row) => resolve(row)));
      expect(found).toMatchObject({ n: 1 });
      expect(other ?? null).toBeNull();
    });

    it('two of one name for other secrets do not read the sessions of each other', async () => {
      const store = memoryStore(session);
      const served = await site2(
        { store, secret: 'another' },
        { store, secret: SECRET, cookie: { path: '/admin' } },
      );
      const visitor = served.client();
      await visitor.get('/admin/change');
      expect((await visitor.get('/')).body.data.n).toBeUndefined();
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each(['/administrator', '/admin-tools/x', '/admin.html', '/admin%2Fx'])(
      'a request of %s is outside of the path /admin, as it is for browsers',
      async (target) => {
        const { base } = await site(session, { saveUninitialized: true, cookie: { path: '/admin' } });
        expect(await raw(base, target)).toMatchObject({ text: '{"data":null}', setCookies: [] });
      },
    );
  });
});
