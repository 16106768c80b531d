import { afterEach, describe, expect, it } from '@jest/globals';
import dropIn from '../../../lib/express/index.js';
import { PEERS, stopServers } from './support/peers.js';
import {
  serializingOnce,
  deferred,
  failure,
  fakeStore,
  type Pace,
  type Route,
  site,
  soon,
  type StoreCall,
  turns,
  until,
} from './support/store-helpers.js';

describe('store errors', () => {
  afterEach(stopServers);

  const PACES: [string, Pace][] = [
    ['at once', serializingOnce],
    ['later', soon],
  ];
  const ROUTES: Record<string, Route> = {
    '/set': (req) => {
      req.session.color = 'green';
      return 'ok';
    },
    '/change': (req) => {
      req.session.color = 'red';
      return 'ok';
    },
    '/read': (req) => ({ id: req.session.id, color: req.session.color }),
    '/unset': (req) => {
      delete (req as { session?: unknown }).session;
      return 'ok';
    },
  };

  describe.each(PEERS)('%s: a store', (_, session) => {
    describe.each(PACES)('that answers %s', (_when, pace) => {
      it('with an error from get: next() has that very error, and the handler does not run', async () => {
        const store = fakeStore(session, pace);
        const { client, errors } = await site(session, ROUTES, { store });
        const visitor = client();
        await visitor.get('/set');
        const error = (store.fail.get = new Error('the store is down'));
        const answer = await visitor.get('/read');
        expect([answer.status, answer.text, answer.setCookies]).toEqual([500, 'the store is down', []]);
        expect(errors).toHaveLength(1);
        expect(errors[0]).toBe(error);
        expect(store.data).toEqual([{ color: 'green' }]);
      });

      it('with ENOENT from get: there is no such session', async () => {
        const store = fakeStore(session, pace);
        const { client, errors } = await site(session, ROUTES, { store });
        const visitor = client();
        await visitor.get('/set');
        store.fail.get = Object.assign(new Error('no such file'), { code: 'ENOENT' });
        const { status, body } = await visitor.get('/read');
        expect(status).toBe(200);
        expect(body).toEqual({ id: expect.any(String) });
        expect([...store.rows.keys()]).not.toContain(body.id);
        expect(errors).toEqual([]);
      });

      it.each([
        ['set', '/change', {}],
        ['touch', '/read', {}],
        ['destroy', '/unset', { unset: 'destroy' }],
      ] as const)(
        'with an error from %s at the end: next() has that very error',
        async (call, path, options) => {
          const store = fakeStore(session, pace);
          const { client, errors } = await site(session, ROUTES, { store, ...options });
          const visitor = client();
          await visitor.get('/set');
          const error = (store.fail[call] = new Error('the store is down'));
          await visitor.get(path);
          await until(() => errors.length > 0);
          await turns();
          expect(errors).toHaveLength(1);
          expect(errors[0]).toBe(error);
        },
      );
    });

    it('that throws from get: the client has the error', async () => {
      const store = fakeStore(session);
      const { client, errors } = await site(session, ROUTES, { store });
      const visitor = client();
      await visitor.get('/set');
      const error = new Error('thrown');
      store.get = () => {
        throw error;
      };
      expect((await visitor.get('/read')).status).toBe(500);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toBe(error);
    });

    it('whose error is no Error: next() has that very value', async () => {
      const store = fakeStore(session);
      const { client, errors } = await site(session, ROUTES, { store });
      const visitor = client();
      await visitor.get('/set');
      store.fail.get = 'down';
      expect((await visitor.get('/read')).status).toBe(500);
      expect(errors).toEqual(['down']);
    });

    it('that is well again: the visitor has the session as it was', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, ROUTES, { store });
      const visitor = client();
      await visitor.get('/set');
      store.fail.get = new Error('the store is down');
      await visitor.get('/read');
      delete store.fail.get;
      expect((await visitor.get('/read')).body).toMatchObject({ color: 'green' });
    });

    it('that fails once in save(): the callback has the error, next() has none', async () => {
      const store = fakeStore(session);
      const error = new Error('the store is down');
      const got = deferred<unknown>();
      const { client, errors } = await site(
        session,
        {
          '/': async (req) => {
            req.session.color = 'green';
            store.fail.set = error;
            got.resolve(await failure((done) => req.session.save(done)));
            delete store.fail.set;
            return 'ok';
          },
        },
        { store },
      );
      expect((await client().get('/')).body).toBe('ok');
      expect(await got.promise).toBe(error);
      expect(errors).toEqual([]);
    });

    it('that fails disturbs no request of a visitor without a cookie who changes nothing', async () => {
      const store = fakeStore(session);
      for (const call of ['get', 'set', 'touch', 'destroy'] as const) store.fail[call] = new Error('down');
      const { client, errors } = await site(session, ROUTES, { store });
      expect((await client().get('/read')).status).toBe(200);
      expect(errors).toEqual([]);
    });

    it('that fails for one visitor does not fail for another', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, ROUTES, { store });
      const [first, second] = [client(), client()];
      await first.get('/set');
      await second.get('/set');
      store.fail.get = new Error('down');
      await first.get('/read');
      delete store.fail.get;
      expect((await second.get('/read')).body).toMatchObject({ color: 'green' });
    });
  });

  describe('chosen differences: nest-session/express', () => {
    const FAILING: [StoreCall, string, object][] = [
      ['set', '/change', {}],
      ['touch', '/read', {}],
      ['destroy', '/unset', { unset: 'destroy' }],
    ];

    it.each(FAILING)('an error from %s at the end is what the client sees', async (call, path, options) => {
      const store = fakeStore(dropIn);
      const { client, errors } = await site(dropIn, ROUTES, { store, ...options });
      const visitor = client();
      await visitor.get('/set');
      store.fail[call] = new Error('the store is down');
      const answer = await visitor.get(path);
      expect([answer.status, answer.text]).toEqual([500, 'the store is down']);
      expect(errors).toEqual([store.fail[call]]);
    });

    it.each<[string, Route]>([
      [
        'res.write() and res.end()',
        (req, res) => {
          req.session.color = 'red';
          res.write('some ');
          res.end('text');
        },
      ],
      [
        'res.writeHead() and res.end()',
        (req, res) => {
          req.session.color = 'red';
          res.writeHead(200, { 'content-type': 'text/plain' });
          res.end('text');
        },
      ],
      [
        'a redirect',
        (req, res) => {
          req.session.color = 'red';
          res.writeHead(302, { location: '/elsewhere' });
          res.end();
        },
      ],
      [
        'Content-Length',
        (req, res) => {
          req.session.color = 'red';
          res.setHeader('content-length', 4);
          res.end('text');
        },
      ],
    ])('an error from set is what the client sees instead of %s', async (_, route) => {
      const store = fakeStore(dropIn);
      const { client } = await site(dropIn, { ...ROUTES, '/answer': route }, { store });
      const visitor = client();
      await visitor.get('/set');
      store.fail.set = new Error('the store is down');
      const answer = await visitor.get('/answer');
      expect([answer.status, answer.text]).toEqual([500, 'the store is down']);
      expect(answer.headers.get('location')).toBeNull();
    });

    it.each<[string, Route]>([
      ['res.end()', (_req, res) => void res.end('text')],
      [
        'res.write() and res.end()',
        (_req, res) => {
          res.write('some ');
          res.end('text');
        },
      ],
    ])('nothing is sent by %s before the store has answered', async (_, answer) => {
      const held = deferred();
      const asked = deferred();
      const store = fakeStore(dropIn, (reply, call) => {
        if (call !== 'set') return void setImmediate(reply);
        asked.resolve();
        void held.promise.then(reply);
      });
      const sent = deferred<() => number>();
      const { client } = await site(
        dropIn,
        {
          '/': (req, res) => {
            req.session.color = 'green';
            const { socket } = res;
            sent.resolve(() => socket!.bytesWritten);
            answer(req, res);
          },
        },
        { store },
      );
      const response = client().get('/');
      const bytes = await sent.promise;
      await asked.promise;
      await turns();
      expect(bytes()).toBe(0);
      held.resolve();
      expect((await response).text).toMatch(/text$/);
      expect(bytes()).toBeGreaterThan(0);
    });

    it('a set that throws is an error like any other', async () => {
      const store = fakeStore(dropIn);
      const { client, errors } = await site(dropIn, ROUTES, { store });
      const error = new Error('thrown');
      store.set = () => {
        throw error;
      };
      expect((await client().get('/set')).status).toBe(500);
      expect(errors).toEqual([error]);
    });
  });
});
