import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import dropIn from '../../../lib/express/index.js';
import { PEERS, stopServers } from './support/peers.js';
import {
  type AnySession,
  called,
  dataOf,
  deferred,
  failure,
  fakeDate,
  fakeStore,
  idsOf,
  type Route,
  site,
} from './support/store-helpers.js';

describe('session methods', () => {
  beforeEach(() => fakeDate(Date.now())); // the clock stands still: originalMaxAge is reckoned from two looks at it
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const set: Route = (req) => {
    req.session.color = 'green';
    return req.session.id;
  };
  const read: Route = (req) => ({ id: req.session.id, ...dataOf(req.session) });
  const METHODS = ['save', 'reload', 'destroy', 'regenerate'] as const;

  describe.each(PEERS)('%s: save()', (_, session) => {
    it('stores the data before its callback is called', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/': async (req) => {
            req.session.color = 'green';
            await called((done) => req.session.save(done));
            return store.data;
          },
        },
        { store },
      );
      expect((await client().get('/')).body).toEqual([{ color: 'green' }]);
    });

    it.each([true, false])('makes the save at the end needless (resave: %s)', async (resave) => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/save': async (req) => {
            req.session.color = 'red';
            await called((done) => req.session.save(done));
            return store.calls;
          },
        },
        { store, resave },
      );
      const visitor = client();
      await visitor.get('/set');
      store.calls.length = 0;
      await visitor.get('/save');
      expect(store.calls.filter((call) => call === 'set')).toEqual(['set']);
      expect(store.data).toEqual([{ color: 'red' }]);
    });

    it('does not hinder a later change of the same request from being stored', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/': async (req) => {
            req.session.color = 'green';
            await called((done) => req.session.save(done));
            req.session.size = 2;
            return 'ok';
          },
        },
        { store },
      );
      await client().get('/');
      expect(store.data).toEqual([{ color: 'green', size: 2 }]);
    });

    it('makes the save at the end needless also after reload()', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/save': async (req) => {
            await called((done) => req.session.reload(done));
            req.session.color = 'red';
            await called((done) => req.session.save(done));
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      store.calls.length = 0;
      await visitor.get('/save');
      expect(store.calls.filter((call) => call === 'set')).toEqual(['set']);
      expect(store.data).toEqual([{ color: 'red' }]);
    });

    it('stores a new session that holds nothing', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/': async (req) => {
            await called((done) => req.session.save(done));
            return [...store.rows.keys()].includes(req.sessionID);
          },
        },
        { store },
      );
      expect((await client().get('/')).body).toBe(true);
    });

    it('sets no cookie of its own: the response does', async () => {
      const { client } = await site(session, {
        '/': async (req, res) => {
          req.session.color = 'green';
          await called((done) => req.session.save(done));
          return res.getHeader('set-cookie') ?? 'none yet';
        },
      });
      const answer = await client().get('/');
      expect(answer.body).toBe('none yet');
      expect(answer.setCookies).toHaveLength(1);
    });
  });

  describe.each(PEERS)('%s: reload()', (_, session) => {
    it('brings back what is stored, in place of unsaved changes', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/reload': async (req) => {
          req.session.color = 'red';
          req.session.size = 2;
          await called((done) => req.session.reload(done));
          return dataOf(req.session);
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/reload')).body).toEqual({ color: 'green' });
    });

    it('shows what somebody else has stored since', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/reload': async (req) => {
            const row = { cookie: req.session.cookie, color: 'blue' };
            await called((done) => store.set(req.sessionID, row, done));
            await called((done) => req.session.reload(done));
            return dataOf(req.session);
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/reload')).body).toEqual({ color: 'blue' });
    });

    it('puts a new object on the request, of the same id', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/reload': async (req) => {
          const { session: before, sessionID } = req;
          await called((done) => req.session.reload(done));
          return { another: req.session !== before, sameId: req.session.id === sessionID };
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/reload')).body).toEqual({ another: true, sameId: true });
    });

    it('stores what is changed afterwards', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/reload': async (req) => {
          await called((done) => req.session.reload(done));
          req.session.size = 2;
          return 'ok';
        },
        '/read': (req) => dataOf(req.session),
      });
      const visitor = client();
      await visitor.get('/set');
      await visitor.get('/reload');
      expect((await visitor.get('/read')).body).toEqual({ color: 'green', size: 2 });
    });

    it('counts as no change', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/reload': async (req) => {
            await called((done) => req.session.reload(done));
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      store.calls.length = 0;
      await visitor.get('/reload');
      expect(store.calls).not.toContain('set');
    });

    it('works several times in a request', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/reload': async (req) => {
          for (const color of ['red', 'blue']) {
            req.session.color = color;
            await called((done) => req.session.reload(done));
          }
          return dataOf(req.session);
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/reload')).body).toEqual({ color: 'green' });
    });

    it.each(['gone from the store', 'never stored'])('fails for a session that is %s', async (which) => {
      const { client } = await site(session, {
        '/set': set,
        '/reload': async (req) => {
          await called((done) => req.sessionStore.destroy(req.sessionID, done));
          const error = await failure((done) => req.session.reload(done));
          return { isError: error instanceof Error, message: (error as Error).message };
        },
      });
      const visitor = client();
      if (which === 'gone from the store') await visitor.get('/set');
      expect((await visitor.get('/reload')).body).toEqual({
        isError: true,
        message: 'failed to load session',
      });
    });
  });

  describe.each(PEERS)('%s: destroy()', (_, session) => {
    const destroy: Route = async (req) => {
      await called((done) => req.session.destroy(done));
      return 'ok';
    };

    it('removes the row', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, { '/set': set, '/destroy': destroy }, { store });
      const visitor = client();
      await visitor.get('/set');
      expect(store.rows.size).toBe(1);
      await visitor.get('/destroy');
      expect(store.rows.size).toBe(0);
    });

    it('takes the session off the request at once', async () => {
      const { client } = await site(session, {
        '/': async (req) => {
          const destroyed = called((done) => req.session.destroy(done));
          const gone = req.session === undefined;
          await destroyed;
          return gone && req.session === undefined;
        },
      });
      expect((await client().get('/')).body).toBe(true);
    });

    it('sets no cookie', async () => {
      const { client } = await site(session, { '/set': set, '/destroy': destroy });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/destroy')).setCookies).toEqual([]);
    });

    it('leaves no row and no cookie of a session that was new', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/': async (req) => {
            req.session.color = 'green';
            await called((done) => req.session.destroy(done));
            return 'ok';
          },
        },
        { store, saveUninitialized: true },
      );
      expect((await client().get('/')).setCookies).toEqual([]);
      expect(store.rows.size).toBe(0);
    });

    it('is final for the id: the next request has another one and no data', async () => {
      const { client } = await site(session, { '/set': set, '/destroy': destroy, '/read': read });
      const visitor = client();
      const id = (await visitor.get('/set')).body as string;
      await visitor.get('/destroy');
      const { body } = await visitor.get('/read');
      expect(body).toEqual({ id: expect.any(String) });
      expect(body.id).not.toBe(id);
    });

    it('drops what is written afterwards to the object that was', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/destroy': async (req) => {
            const { session: old } = req;
            await called((done) => old.destroy(done));
            old.color = 'red';
            return { color: old.color };
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/destroy')).body).toEqual({ color: 'red' });
      expect(store.rows.size).toBe(0);
    });

    it('succeeds for a session that was never stored', async () => {
      const { client, errors } = await site(session, { '/': destroy });
      expect((await client().get('/')).body).toBe('ok');
      expect(errors).toEqual([]);
    });
  });

  describe.each(PEERS)('%s: regenerate()', (_, session) => {
    const regenerate: Route = async (req) => {
      await called((done) => req.session.regenerate(done));
      return { id: req.session.id, requestId: req.sessionID, ...dataOf(req.session) };
    };

    it('gives a new id and no data', async () => {
      const { client } = await site(session, { '/set': set, '/regenerate': regenerate });
      const visitor = client();
      const id = (await visitor.get('/set')).body as string;
      const { body } = await visitor.get('/regenerate');
      expect(body).toEqual({ id: expect.any(String), requestId: body.id });
      expect(body.id).not.toBe(id);
    });

    it('removes the old row and stores the new session, also one that holds nothing', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, { '/set': set, '/regenerate': regenerate }, { store });
      const visitor = client();
      await visitor.get('/set');
      const { body } = await visitor.get('/regenerate');
      expect([...store.rows.keys()]).toEqual([body.id]);
    });

    it('sets the cookie of the new id, with saveUninitialized: false too', async () => {
      const { client } = await site(session, { '/set': set, '/regenerate': regenerate });
      const visitor = client();
      await visitor.get('/set');
      const { body, setCookies } = await visitor.get('/regenerate');
      expect(idsOf(setCookies)).toEqual([body.id]);
    });

    it('gives a visitor who is new a cookie and a row', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, { '/': regenerate }, { store });
      const { body, setCookies } = await client().get('/');
      expect(idsOf(setCookies)).toEqual([body.id]);
      expect([...store.rows.keys()]).toEqual([body.id]);
    });

    it('stores what is written to the new session', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/regenerate': async (req) => {
          await called((done) => req.session.regenerate(done));
          req.session.size = 2;
          return 'ok';
        },
        '/read': (req) => dataOf(req.session),
      });
      const visitor = client();
      await visitor.get('/set');
      await visitor.get('/regenerate');
      expect((await visitor.get('/read')).body).toEqual({ size: 2 });
    });

    it('leaves the old object readable, another than the new one', async () => {
      const { client } = await site(session, {
        '/set': set,
        '/regenerate': async (req) => {
          const { session: old } = req;
          await called((done) => req.session.regenerate(done));
          Object.assign(req.session, { from: old.color, another: req.session !== old });
          return dataOf(req.session);
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/regenerate')).body).toEqual({ from: 'green', another: true });
    });

    it('starts from the cookie options, not from the old session’s cookie', async () => {
      const { client } = await site(
        session,
        {
          '/': async (req) => {
            req.session.cookie.maxAge = 1_000;
            await called((done) => req.session.regenerate(done));
            return { originalMaxAge: req.session.cookie.originalMaxAge };
          },
        },
        { cookie: { maxAge: 60_000 } },
      );
      expect((await client().get('/')).body).toEqual({ originalMaxAge: 60_000 });
    });

    it('ends the old id', async () => {
      const { client } = await site(session, { '/set': set, '/regenerate': regenerate, '/read': read });
      const visitor = client();
      const id = (await visitor.get('/set')).body as string;
      const thief = visitor.copy();
      await visitor.get('/regenerate');
      const { body } = await thief.get('/read');
      expect(body.color).toBeUndefined();
      expect(body.id).not.toBe(id);
    });

    it('keeps only the last session of several', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/twice': async (req) => {
            await called((done) => req.session.regenerate(done));
            req.session.step = 1;
            await called((done) => req.session.save(done));
            await called((done) => req.session.regenerate(done));
            req.session.step = 2;
            return req.session.id;
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      const { body, setCookies } = await visitor.get('/twice');
      expect(idsOf(setCookies)).toEqual([body]);
      expect([...store.rows.keys()]).toEqual([body]);
      expect(store.data).toEqual([{ step: 2 }]);
    });

    it('may be followed by destroy(), which leaves nothing', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': set,
          '/both': async (req) => {
            await called((done) => req.session.regenerate(done));
            await called((done) => req.session.destroy(done));
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/both')).setCookies).toEqual([]);
      expect(store.rows.size).toBe(0);
    });
  });

  describe.each(PEERS)('%s: every method', (_, session) => {
    it.each(METHODS)('%s() calls back without an error, later', async (method) => {
      const { client } = await site(session, {
        '/set': set,
        '/call': async (req) => {
          let returned = false;
          const answered = new Promise((resolve) => {
            req.session[method]((error) => resolve({ error: error ?? 'none', returned }));
          });
          returned = true;
          return answered;
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/call')).body).toEqual({ error: 'none', returned: true });
    });

    it.each([
      ['save', 'set'],
      ['reload', 'get'],
      ['destroy', 'destroy'],
      ['regenerate', 'destroy'],
    ] as const)('%s() calls back with the very error of the store', async (method, call) => {
      const store = fakeStore(session);
      const error = new Error('the store is down');
      const got = deferred<unknown>();
      const { client } = await site(
        session,
        {
          '/set': set,
          '/call': async (req) => {
            req.session.color = 'red';
            store.fail[call] = error;
            got.resolve(await failure((done) => req.session[method](done)));
            delete store.fail[call];
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      await visitor.get('/call');
      expect(await got.promise).toBe(error);
    });

    it.each(['destroy', 'regenerate'] as const)(
      '%s(callback) returns the session it was called on',
      async (method) => {
        const { client } = await site(session, {
          '/': async (req) => {
            const { session: old } = req;
            let returned: unknown;
            await called((done) => (returned = old[method](done)));
            return returned === old;
          },
        });
        expect((await client().get('/')).body).toBe(true);
      },
    );

    it.each(['touch', 'resetMaxAge'] as const)(
      '%s() returns the session and sets maxAge to what it was at first',
      async (method) => {
        const { client } = await site(
          session,
          {
            '/': (req) => {
              req.session.cookie.expires = new Date(0);
              req.session.cookie.originalMaxAge = 3_600_000;
              const same = req.session[method]() === req.session;
              const { maxAge, originalMaxAge } = req.session.cookie;
              return { same, near: Math.abs(maxAge - 3_600_000) < 60_000, originalMaxAge };
            },
          },
          { cookie: { maxAge: 60_000 } },
        );
        expect((await client().get('/')).body).toEqual({ same: true, near: true, originalMaxAge: 3_600_000 });
      },
    );

    it.each(['touch', 'resetMaxAge'] as const)('%s() gives a browser session no end', async (method) => {
      const { client } = await site(session, {
        '/': (req) => {
          req.session[method]();
          const { expires, maxAge } = req.session.cookie;
          return { expires, maxAge };
        },
      });
      expect((await client().get('/')).body).toEqual({ expires: null, maxAge: null });
    });
  });

  describe('chosen differences: nest-session/express', () => {
    it.each(METHODS)('%s() without a callback returns a promise', async (method) => {
      const { client } = await site(dropIn, {
        '/set': set,
        '/call': async (req) => {
          const returned = req.session[method]();
          await returned;
          return { promise: returned instanceof Promise, data: req.session ? dataOf(req.session) : null };
        },
      });
      const visitor = client();
      await visitor.get('/set');
      const data = { save: { color: 'green' }, reload: { color: 'green' }, destroy: null, regenerate: {} };
      expect((await visitor.get('/call')).body).toEqual({ promise: true, data: data[method] });
    });

    it.each([
      ['save', 'set'],
      ['reload', 'get'],
      ['destroy', 'destroy'],
      ['regenerate', 'destroy'],
    ] as const)('%s() without a callback rejects with the error of the store', async (method, call) => {
      const store = fakeStore(dropIn);
      const error = new Error('the store is down');
      const got = deferred<unknown>();
      const { client } = await site(
        dropIn,
        {
          '/set': set,
          '/call': async (req) => {
            req.session.color = 'red';
            store.fail[call] = error;
            got.resolve(await Promise.resolve(req.session[method]()).catch((reason: unknown) => reason));
            delete store.fail[call];
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      await visitor.get('/call');
      expect(await got.promise).toBe(error);
    });

    it.each(['save', 'reload'] as const)('%s(callback) returns the session', async (method) => {
      const { client } = await site(dropIn, {
        '/set': set,
        '/call': async (req) => {
          const { session: old } = req;
          let returned: unknown;
          await called((done) => (returned = old[method](done)));
          return returned === old;
        },
      });
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/call')).body).toBe(true);
    });

    it('save() does not bring back a session that another request has destroyed', async () => {
      const store = fakeStore(dropIn);
      const loaded = deferred();
      const go = deferred();
      const { client } = await site(
        dropIn,
        {
          '/set': set,
          '/late': async (req) => {
            req.session.color = 'red';
            loaded.resolve();
            await go.promise;
            await failure((done) => req.session.save(done));
            return 'ok';
          },
          '/destroy': async (req) => {
            await called((done) => req.session.destroy(done));
            return 'ok';
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      const late = visitor.copy().get('/late');
      await loaded.promise;
      await visitor.get('/destroy');
      go.resolve();
      await late;
      expect(store.rows.size).toBe(0);
    });

    const cycle = (): unknown => {
      const list: unknown[] = [];
      list.push(list);
      return list;
    };

    it.each([
      ['a BigInt', () => ({ deep: 1n })],
      ['a cycle', cycle],
    ])('save() answers %s with an error that names the key', async (_, make) => {
      const store = fakeStore(dropIn);
      const { client } = await site(
        dropIn,
        {
          '/': async (req) => {
            req.session.basket = make();
            const error = await failure((done) => req.session.save(done));
            delete req.session.basket;
            return (error as Error).message;
          },
        },
        { store },
      );
      expect((await client().get('/')).body).toContain('basket');
    });

    it.each([
      ['a BigInt', () => ({ deep: 1n })],
      ['a cycle', cycle],
    ])('%s at the end of the response is an error that names the key', async (_, make) => {
      const { client, errors } = await site(dropIn, {
        '/': (req: { session: AnySession }) => {
          req.session.basket = make();
          return 'ok';
        },
      });
      const answer = await client().get('/');
      expect(answer.status).toBe(500);
      expect(answer.text).toContain('basket');
      expect(errors).toHaveLength(1);
    });
  });
});
