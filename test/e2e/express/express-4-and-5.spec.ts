import { afterEach, describe, expect, it } from '@jest/globals';
import cookieParser from 'cookie-parser';
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { PEERS, type Req } from './support/peers.js';
import {
  answerOf,
  attributes,
  count,
  DROP_IN,
  idIn,
  listen,
  memoryStore,
  middleware,
  QUIET,
  raw,
  SECRET,
  stopListening,
} from './support/options-helpers.js';

const EXPRESS: [string, typeof express5][] = [
  ['Express 4', express4],
  ['Express 5', express5],
];

const change: RequestHandler = (req, res) => {
  const { session } = req as unknown as Req;
  if (session) session.n = (session.n ?? 0) + 1;
  res.type('json').send(answerOf(req));
};

const look: RequestHandler = (req, res) => void res.type('json').send(answerOf(req));

const failed: ErrorRequestHandler = (error: Error, _req, res, next) => {
  if (res.headersSent) return next(error);
  res.status(503).json({ error: error.message });
};

describe.each(EXPRESS)('%s', (_version, express) => {
  afterEach(stopListening);

  function appWith(set: (app: Express) => void): ReturnType<typeof listen> {
    const app = express();
    set(app);
    app.use(failed);
    return listen(app);
  }

  describe.each(PEERS)('with %s', (_, session) => {
    const use = (options: object = {}) => middleware(session, { ...QUIET, ...options }) as RequestHandler;

    it('remembers a visitor', async () => {
      const { client } = await appWith((app) => app.use(use()).get('/', change));
      const visitor = client();
      const { setCookies, body } = await visitor.get('/');
      expect(attributes(setCookies[0])).toEqual(['Path=/', 'HttpOnly']);
      expect(idIn(setCookies[0]!)).toBe(body.id);
      expect((await visitor.get('/')).body.data.n).toBe(2);
    });

    it('remembers a visitor on one route alone', async () => {
      const { client } = await appWith((app) => app.get('/with', use(), change).get('/without', change));
      const visitor = client();
      await visitor.get('/with');
      expect((await visitor.get('/with')).body.data.n).toBe(2);
      expect((await visitor.get('/without')).body).toEqual({ data: null });
    });

    it.each<[string, RequestHandler, object]>([
      ['json', (_req, res) => void res.json({ a: 1 }), { status: 200, text: '{"a":1}' }],
      ['send', (_req, res) => void res.send('text'), { status: 200, text: 'text' }],
      ['sendStatus', (_req, res) => void res.sendStatus(202), { status: 202, text: 'Accepted' }],
      ['redirect', (_req, res) => void res.redirect('/next'), { status: 302 }],
      ['end', (_req, res) => void res.status(204).end(), { status: 204, text: '' }],
    ])('saves before res.%s has answered', async (_method, answer, expected) => {
      const { client } = await appWith((app) =>
        app
          .use(use())
          .get('/answer', (req, res, next) => {
            (req as unknown as Req).session.n = 5;
            return answer(req, res, next);
          })
          .get('/', look),
      );
      const visitor = client();
      expect(await visitor.get('/answer')).toMatchObject({ ...expected, setCookies: [expect.any(String)] });
      expect((await visitor.get('/')).body.data.n).toBe(5);
    });

    it('a cookie of the application stays', async () => {
      const { client } = await appWith((app) =>
        app
          .use(use({ saveUninitialized: true }))
          .get('/', (_req, res) => void res.cookie('a', '1').send('ok')),
      );
      expect((await client().get('/')).setCookies).toEqual([
        'a=1; Path=/',
        expect.stringMatching(/^connect\.sid=/),
      ]);
    });

    it('an answer for an ETag that the client has carries the cookie', async () => {
      const { base } = await appWith((app) =>
        app.use(use({ saveUninitialized: true })).get('/', (_req, res) => void res.send('ok')),
      );
      const answer = await raw(base, '/', { 'if-none-match': '*' });
      expect(answer).toMatchObject({ status: 304, setCookies: [expect.any(String)] });
    });

    it('a route that is not there carries the cookie', async () => {
      const { client } = await appWith((app) => app.use(use({ saveUninitialized: true })));
      expect(await client().get('/nowhere')).toMatchObject({ status: 404, setCookies: [expect.any(String)] });
    });

    it('an error of a route carries the cookie and saves the session', async () => {
      const { client } = await appWith((app) =>
        app
          .use(use())
          .get('/fail', (req) => {
            (req as unknown as Req).session.n = 5;
            throw new Error('broken');
          })
          .get('/', look),
      );
      const visitor = client();
      expect(await visitor.get('/fail')).toMatchObject({ status: 503, setCookies: [expect.any(String)] });
      expect((await visitor.get('/')).body.data.n).toBe(5);
    });

    it('the error handler hears of a missing secret', async () => {
      const { client } = await appWith((app) => app.use(use({ secret: undefined })).get('/', look));
      expect(await client().get('/')).toMatchObject({
        status: 503,
        body: { error: 'secret option required for sessions' },
      });
    });

    it('the error handler hears of a store that cannot be read', async () => {
      const store = memoryStore(session);
      const { client } = await appWith((app) => app.use(use({ store })).get('/', change));
      const visitor = client();
      await visitor.get('/');
      store.get = (_id, callback) => callback(new Error('unreachable'));
      expect(await visitor.get('/')).toMatchObject({ status: 503, body: { error: 'unreachable' } });
    });

    it('the error handler hears of genid', async () => {
      const genid = (): string => {
        throw new Error('out of ids');
      };
      const { client } = await appWith((app) => app.use(use({ genid })).get('/', look));
      expect(await client().get('/')).toMatchObject({ status: 503, body: { error: 'out of ids' } });
    });

    it('genid and the function for cookie are given the request of Express', async () => {
      const { client } = await appWith((app) =>
        app
          .use(
            use({
              genid: (req: Req) => `${req.query.user}-1`,
              cookie: (req: Req) => ({ domain: req.hostname }),
            }),
          )
          .get('/', change),
      );
      const { body, setCookies } = await client().get('/?user=ann');
      expect(body.id).toBe('ann-1');
      expect(attributes(setCookies[0])).toEqual(['Domain=127.0.0.1', 'Path=/', 'HttpOnly']);
    });

    describe('under a mount point', () => {
      it('cookie.path is held against the whole path', async () => {
        const { client } = await appWith((app) =>
          app.use('/app', use({ cookie: { path: '/app' } })).get(/.*/, change),
        );
        const visitor = client();
        expect((await visitor.get('/app/deep')).setCookies).toHaveLength(1);
        expect((await visitor.get('/app')).body.data.n).toBe(2);
        expect((await visitor.get('/other')).body).toEqual({ data: null });
      });

      it('cookie.path as the router sees it gives no session', async () => {
        const { client } = await appWith((app) =>
          app.use('/app', use({ cookie: { path: '/deep' } })).get(/.*/, change),
        );
        expect(await client().get('/app/deep')).toMatchObject({ body: { data: null }, setCookies: [] });
      });

      it('of a router in a router it is held against the whole path', async () => {
        const { client } = await appWith((app) => {
          const inner = express.Router().use(use({ cookie: { path: '/a/b' } }));
          app.use('/a', express.Router().use('/b', inner.get('/c', change)));
        });
        expect(attributes((await client().get('/a/b/c')).setCookies[0])).toEqual(['Path=/a/b', 'HttpOnly']);
      });

      it('two applications have a session each', async () => {
        const { client } = await appWith((app) => {
          for (const name of ['one', 'two']) {
            const own = express();
            app.use(`/${name}`, own.use(use({ name, cookie: { path: `/${name}` } })).get('/', change));
          }
        });
        const visitor = client();
        await visitor.get('/one');
        await visitor.get('/two');
        expect((await visitor.get('/two')).body.data.n).toBe(2);
        expect((await visitor.get('/one')).body.data.n).toBe(2);
        expect([...visitor.cookies.keys()]).toEqual(['one', 'two']);
      });

      it('a session of the application around it is used', async () => {
        const { client } = await appWith((app) => {
          const own = express()
            .use(use({ name: 'inner' }))
            .get('/', change);
          app.use(use()).use('/inner', own).get('/', change);
        });
        const visitor = client();
        await visitor.get('/inner');
        expect((await visitor.get('/')).body.data.n).toBe(2);
        expect([...visitor.cookies.keys()]).toEqual(['connect.sid']);
      });
    });

    describe.each([
      ['trust proxy', 1, true],
      ['trust proxy', false, false],
      ['trust proxy', '10.0.0.0/8', false],
      ['trust proxy', 'loopback', true],
    ])('%s: %s', (setting, value, trusted) => {
      it.each([
        ['https', trusted],
        ['http', false],
      ])(`a request with X-Forwarded-Proto: %s is secure: %s`, async (proto, secure) => {
        const cookie = { secure: true };
        const { client } = await appWith((app) =>
          app.set(setting, value).use(use({ cookie })).get('/', change),
        );
        const visitor = client();
        visitor.headers['x-forwarded-proto'] = proto;
        expect((await visitor.get('/')).setCookies.flatMap(attributes)).toEqual(
          secure ? ['Path=/', 'HttpOnly', 'Secure'] : [],
        );
      });

      it('secure and sameSite follow it with "auto"', async () => {
        const cookie = { secure: 'auto', sameSite: 'auto' };
        const { client } = await appWith((app) =>
          app.set(setting, value).use(use({ cookie })).get('/', change),
        );
        const visitor = client();
        visitor.headers['x-forwarded-proto'] = 'https';
        expect(attributes((await visitor.get('/')).setCookies[0])).toEqual(
          trusted
            ? ['Path=/', 'HttpOnly', 'Secure', 'SameSite=None']
            : ['Path=/', 'HttpOnly', 'SameSite=Lax'],
        );
      });
    });

    it('proxy: false counts more than trust proxy', async () => {
      const { client } = await appWith((app) =>
        app
          .set('trust proxy', true)
          .use(use({ proxy: false, saveUninitialized: true, cookie: { secure: true } }))
          .get('/', look),
      );
      const visitor = client();
      visitor.headers['x-forwarded-proto'] = 'https';
      expect((await visitor.get('/')).setCookies).toEqual([]);
    });

    it('proxy: true needs no trust proxy', async () => {
      const { client } = await appWith((app) =>
        app.use(use({ proxy: true, cookie: { secure: true } })).get('/', change),
      );
      const visitor = client();
      visitor.headers['x-forwarded-proto'] = 'https';
      expect((await visitor.get('/')).setCookies).toHaveLength(1);
    });

    it('cookie-parser before it gives the secret and changes nothing else', async () => {
      const { client } = await appWith((app) =>
        app.use(cookieParser(SECRET), use({ secret: undefined })).get('/', change),
      );
      const visitor = client();
      await visitor.get('/');
      expect(await visitor.get('/')).toMatchObject({ body: { data: { n: 2 } }, setCookies: [] });
    });

    it('used twice it does its work once', async () => {
      const store = memoryStore(session);
      const calls = count(store);
      const run = use({ store, resave: true, saveUninitialized: true });
      const { client } = await appWith((app) => app.use(run).use(run).get('/', change));
      expect((await client().get('/')).setCookies).toHaveLength(1);
      expect(calls).toEqual({ set: 1, touch: 0, destroy: 0 });
    });
  });

  describe.each(DROP_IN)('chosen differences of %s', (_, session) => {
    it.each(['set', 'touch', 'destroy'] as const)(
      'the error handler answers a request whose session cannot be stored: %s',
      async (method) => {
        const store = memoryStore(session);
        const { client } = await appWith((app) =>
          app
            .use(middleware(session, { ...QUIET, store, unset: 'destroy' }) as RequestHandler)
            .get('/set', change)
            .get('/touch', look)
            .get('/destroy', (req, res) => {
              (req as unknown as Req).session = null;
              res.send('signed out');
            }),
        );
        const visitor = client();
        await visitor.get('/set');
        store[method] = (...args: unknown[]): void => {
          const callback = args.at(-1) as (error: Error) => void;
          setImmediate(() => callback(new Error('read-only')));
        };
        expect(await visitor.get(`/${method}`)).toMatchObject({ status: 503, body: { error: 'read-only' } });
      },
    );
  });
});
