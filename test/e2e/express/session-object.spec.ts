import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, type SessionFunction, stopServers } from './support/peers.js';
import {
  type AnySession,
  as,
  called,
  dataOf,
  fakeDate,
  fakeStore,
  idsOf,
  parts,
  site,
  type Visit,
} from './support/store-helpers.js';

describe('session object', () => {
  beforeEach(() => fakeDate(Date.now())); // the clock stands still: originalMaxAge is reckoned from two looks at it
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  /** Runs one function on the session of a visitor whose first request has stored the data. */
  async function withData(
    session: SessionFunction,
    data: Record<string, unknown>,
    look: (session: AnySession, req: Visit) => unknown,
  ): Promise<unknown> {
    const { client } = await site(session, {
      '/set': (req) => {
        Object.assign(req.session, data);
        return 'ok';
      },
      '/look': (req) => look(req.session, req) ?? null,
    });
    const visitor = client();
    await visitor.get('/set');
    return (await visitor.get('/look')).body as unknown;
  }

  describe.each(PEERS)('%s: req.session', (_, session) => {
    describe('its members', () => {
      it('shows the data and the cookie alone to Object.keys()', async () => {
        const keys = await withData(session, { a: 1, b: 2 }, (value) => Object.keys(value).sort());
        expect(keys).toEqual(['a', 'b', 'cookie']);
      });

      it('shows the data and the cookie alone to for…in', async () => {
        const keys = await withData(session, { a: 1, b: 2 }, (value) => {
          const found: string[] = [];
          for (const key in value) found.push(key);
          return found.sort();
        });
        expect(keys).toEqual(['a', 'b', 'cookie']);
      });

      it('shows them alone also while the session is new', async () => {
        const { client } = await site(session, { '/': (req) => Object.keys({ ...req.session }) });
        expect((await client().get('/')).body).toEqual(['cookie']);
      });

      it('is an instance of session.Session', async () => {
        const is = await withData(session, {}, (value) => value instanceof parts(session).Session);
        expect(is).toBe(true);
      });

      it('has a cookie that is an instance of session.Cookie', async () => {
        const is = await withData(
          session,
          { a: 1 },
          (value) => value.cookie instanceof parts(session).Cookie,
        );
        expect(is).toBe(true);
      });

      it('has the id that req.sessionID and the cookie have', async () => {
        const { client } = await site(session, {
          '/': (req) => {
            req.session.a = 1;
            return [req.session.id, req.sessionID];
          },
        });
        const visitor = client();
        const { body, setCookies } = await visitor.get('/');
        expect(body).toEqual([body[0], body[0]]);
        expect(idsOf(setCookies)).toEqual([body[0]]);
        expect((await visitor.get('/')).body).toEqual(body);
      });

      it('has an id that cannot be written', async () => {
        const same = await withData(session, {}, (value, req) => {
          expect(Reflect.set(value, 'id', 'another')).toBe(false);
          return value.id === req.sessionID;
        });
        expect(same).toBe(true);
      });

      it('knows its request', async () => {
        expect(await withData(session, {}, (value, req) => value.req === req)).toBe(true);
      });

      it('gives the request the store of the options', async () => {
        const store = fakeStore(session);
        const { client } = await site(session, { '/': (req) => req.sessionStore === store }, { store });
        expect((await client().get('/')).body).toBe(true);
      });

      it('gives the request a MemoryStore where the options name none', async () => {
        const { client } = await site(session, {
          '/': (req) => req.sessionStore instanceof parts(session).MemoryStore,
        });
        expect((await client().get('/')).body).toBe(true);
      });

      it('has what every object has', async () => {
        const seen = await withData(session, { a: 1 }, (value) => [
          Reflect.get(value, 'hasOwnProperty') === Object.prototype.hasOwnProperty,
          'valueOf' in value,
          `${as<string>(value)}`,
        ]);
        expect(seen).toEqual([true, true, '[object Object]']);
      });

      it('stays the same when the middleware runs twice', async () => {
        type Middleware = (req: unknown, res: unknown, next: () => void) => void;
        const another = as<(options: unknown) => Middleware>(session);
        const middleware = another({ secret: 'another secret', resave: false, saveUninitialized: true });
        const { client } = await site(session, {
          '/': async (req, res) => {
            const { session: first } = req;
            await new Promise<void>((resolve) => middleware(req, res, resolve));
            req.session.a = 1;
            return req.session === first;
          },
        });
        const { body, setCookies } = await client().get('/');
        expect(body).toBe(true);
        expect(setCookies).toHaveLength(1);
      });
    });

    describe('names of members as keys of the stored data', () => {
      const NAMES = [
        'save',
        'reload',
        'destroy',
        'regenerate',
        'touch',
        'resetMaxAge',
        'id',
        'req',
        'toString',
        'hasOwnProperty',
        'valueOf',
        'constructor',
        '__proto__',
      ];

      async function stored(row: string, look: (session: AnySession) => unknown): Promise<unknown> {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/set': (req) => {
              req.session.a = 1;
              return 'ok';
            },
            '/look': (req) => look(req.session),
          },
          { store },
        );
        const visitor = client();
        await visitor.get('/set');
        for (const [id, before] of store.rows) store.rows.set(id, before.replace(/}$/, `,${row}}`));
        return (await visitor.get('/look')).body as unknown;
      }

      it.each(NAMES)('%s never replaces the member', async (name) => {
        const seen = await stored(`"${name}":{"stored":true},"b":2`, (value) => ({
          replaced: as<{ stored?: true }>(value[name])?.stored ?? false,
          methods: typeof value.save === 'function' && typeof value.touch === 'function',
          b: value.b,
        }));
        expect(seen).toEqual({ replaced: false, methods: true, b: 2 });
      });

      it('__proto__ gives the session no inherited data', async () => {
        const seen = await stored('"__proto__":{"isAdmin":true}', (value) => ({
          own: 'isAdmin' in value,
          everywhere: 'isAdmin' in {},
          session: value instanceof parts(session).Session,
        }));
        expect(seen).toEqual({ own: false, everywhere: false, session: true });
      });
    });

    describe('its data', () => {
      const VALUES: [string, unknown][] = [
        ['text', 'ünï☃\u0000\u2028"\\'],
        ['an empty text', ''],
        ['a number', -1.5e300],
        ['zero', 0],
        ['true', true],
        ['false', false],
        ['null', null],
        ['an empty list', []],
        ['a list of lists', [1, [2, [null, { three: [] }]]]],
        ['an empty object', {}],
        ['nested objects', { a: { b: { c: { d: 1 } } } }],
      ];

      it.each(VALUES)('comes back: %s', async (_name, value) => {
        expect(await withData(session, { value }, dataOf)).toEqual({ value });
      });

      it('comes back under keys that look odd', async () => {
        const data = { '': 1, 'a.b': 2, $set: 3, '1': 4, 'a b': 5 };
        expect(await withData(session, data, dataOf)).toEqual(data);
      });

      it('has text where a Date was stored', async () => {
        const seen = await withData(session, { at: new Date(0) }, ({ at }) => [typeof at, as<string>(at)]);
        expect(seen).toEqual(['string', '1970-01-01T00:00:00.000Z']);
      });

      it('has what toJSON() of a value gives', async () => {
        const value = { secret: 1, toJSON: () => ({ public: 2 }) };
        expect(await withData(session, { value }, dataOf)).toEqual({ value: { public: 2 } });
      });

      it('has no key whose value was undefined or a function', async () => {
        const data = { a: 1, nothing: undefined, run: () => 1 };
        expect(await withData(session, data, dataOf)).toEqual({ a: 1 });
      });

      it('is all of JSON.stringify(req.session), with the cookie', async () => {
        const { client } = await site(session, {
          '/': (req) => {
            req.session.a = { b: [1] };
            return req.session;
          },
        });
        expect((await client().get('/')).body).toEqual({
          cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
          a: { b: [1] },
        });
      });

      it('is what is stored, with the cookie', async () => {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/': (req) => {
              req.session.a = { b: [1] };
              return 'ok';
            },
          },
          { store },
        );
        await client().get('/');
        const [row] = store.rows.values();
        expect(JSON.parse(row!)).toEqual({
          cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
          a: { b: [1] },
        });
      });

      const change = async (
        first: Record<string, unknown>,
        then: (session: AnySession) => unknown,
      ): Promise<unknown> => {
        const { client } = await site(session, {
          '/set': (req) => {
            Object.assign(req.session, first);
            return 'ok';
          },
          '/change': (req) => {
            then(req.session);
            return 'ok';
          },
          '/read': (req) => dataOf(req.session),
        });
        const visitor = client();
        await visitor.get('/set');
        await visitor.get('/change');
        return (await visitor.get('/read')).body as unknown;
      };

      it('keeps a change deep inside', async () => {
        const seen = await change({ a: { b: { c: 1 } } }, (value) => void (value.a.b.c = 2));
        expect(seen).toEqual({ a: { b: { c: 2 } } });
      });

      it('keeps what a list was given', async () => {
        const seen = await change({ list: [1] }, (value) => as<number[]>(value.list).push(2));
        expect(seen).toEqual({ list: [1, 2] });
      });

      it('loses a key that was deleted', async () => {
        const seen = await change({ a: 1, b: 2 }, (value) => delete value.a);
        expect(seen).toEqual({ b: 2 });
      });

      it('loses a key that was set to undefined', async () => {
        const seen = await change({ a: 1, b: 2 }, (value) => void (value.a = undefined));
        expect(seen).toEqual({ b: 2 });
      });

      it('may all be deleted, and the session goes on', async () => {
        expect(await change({ a: 1 }, (value) => delete value.a)).toEqual({});
      });

      it('takes a defined property that is enumerable', async () => {
        const seen = await change({}, (value) =>
          Object.defineProperty(value, 'a', { value: 1, enumerable: true, configurable: true }),
        );
        expect(seen).toEqual({ a: 1 });
      });
    });

    describe('a change', () => {
      it('taken back before the end is none: a new visitor gets no cookie and no row', async () => {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/': (req) => {
              req.session.a = 1;
              delete req.session.a;
              return 'ok';
            },
          },
          { store },
        );
        expect((await client().get('/')).setCookies).toEqual([]);
        expect(store.rows.size).toBe(0);
      });

      it('taken back before the end is not stored', async () => {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/set': (req) => {
              req.session.a = { b: 1 };
              return 'ok';
            },
            '/again': (req) => {
              req.session.a = { b: 2 };
              req.session.a.b = 1;
              return 'ok';
            },
          },
          { store },
        );
        const visitor = client();
        await visitor.get('/set');
        store.calls.length = 0;
        await visitor.get('/again');
        expect(store.calls).not.toContain('set');
      });

      it('made after awaiting something is stored', async () => {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/': async (req) => {
              await new Promise((resolve) => setImmediate(resolve));
              req.session.a = 1;
              return 'ok';
            },
          },
          { store },
        );
        await client().get('/');
        expect(store.data).toEqual([{ a: 1 }]);
      });
    });
  });

  describe.each(PEERS)('%s: session.Session by itself', (_, session) => {
    const { Session, Cookie } = parts(session);

    function request(sessionStore: Record<string, unknown> = {}): Record<string, unknown> {
      return { sessionID: 'the-id', sessionStore };
    }

    it('takes the id of its request, which cannot be seen or written', () => {
      const value = new Session(request());
      expect(value.id).toBe('the-id');
      expect(Reflect.set(value, 'id', 'another')).toBe(false);
      expect(Object.keys(value)).toEqual([]);
    });

    it('knows its request, which cannot be seen', () => {
      const req = request();
      const value = new Session(req);
      expect(value.req).toBe(req);
      expect(JSON.stringify(value)).toBe('{}');
    });

    it('takes the data it is given', () => {
      expect({ ...new Session(request(), { a: 1, b: { c: 2 } }) }).toEqual({ a: 1, b: { c: 2 } });
    });

    it.each([null, undefined, 'text', 5, true])('takes no data from %p', (data) => {
      expect(Object.keys(new Session(request(), data))).toEqual([]);
    });

    it('takes no data under the names of its members', () => {
      const data = JSON.parse(
        '{"save":1,"id":"x","req":2,"toString":3,"__proto__":{"admin":1},"a":4}',
      ) as unknown;
      const value = new Session(request(), data);
      expect({ ...value }).toEqual({ a: 4 });
      expect([typeof value.save, value.id, typeof value.toString, value.admin]).toEqual([
        'function',
        'the-id',
        'function',
        undefined,
      ]);
    });

    it('save() hands itself to set() of the store and returns itself', async () => {
      const stored: unknown[] = [];
      const set = (id: string, value: unknown, callback: () => void): void => {
        stored.push(id, JSON.parse(JSON.stringify(value)));
        callback();
      };
      const value = new Session(request({ set }), { a: 1 });
      let returned: unknown;
      await called((done) => (returned = value.save(done)));
      expect(stored).toEqual(['the-id', { a: 1 }]);
      expect(returned).toBe(value);
    });

    it('reload() makes a session of what get() of the store gives and returns itself', async () => {
      const req = request({
        get: (_id: string, callback: (error: null, row: unknown) => void) => callback(null, { a: 2 }),
        createSession: (of: Record<string, unknown>, row: Record<string, unknown>) => (of.session = row),
      });
      const value = new Session(req, { a: 1 });
      let returned: unknown;
      await called((done) => (returned = value.reload(done)));
      expect(req.session).toEqual({ a: 2 });
      expect(returned).toBe(value);
    });

    it('destroy() takes itself off the request and calls destroy() of the store', async () => {
      const destroyed: string[] = [];
      const req = request({
        destroy: (id: string, callback: () => void) => {
          destroyed.push(id);
          callback();
        },
      });
      const value = (req.session = new Session(req));
      let returned: unknown;
      await called((done) => (returned = as<AnySession>(value).destroy(done)));
      expect(destroyed).toEqual(['the-id']);
      expect(req.session).toBeUndefined();
      expect(returned).toBe(value);
    });

    it('regenerate() calls regenerate() of the store with the request', async () => {
      const seen: unknown[] = [];
      const req = request({
        regenerate: (of: unknown, callback: () => void) => {
          seen.push(of);
          callback();
        },
      });
      const value = new Session(req);
      let returned: unknown;
      await called((done) => (returned = value.regenerate(done)));
      expect(seen).toEqual([req]);
      expect(returned).toBe(value);
    });

    it('touch() gives its cookie the time it had at first', () => {
      const value = new Session(request(), { cookie: new Cookie({ maxAge: 60_000 }) });
      value.cookie.expires = new Date(0);
      value.cookie.originalMaxAge = 60_000;
      expect(value.touch()).toBe(value);
      expect(value.cookie.maxAge).toBeGreaterThan(0);
      expect(value.cookie.originalMaxAge).toBe(60_000);
    });

    it('may be given methods by a subclass', () => {
      class Mine extends Session {
        greet(): string {
          return `I am ${this.id}`;
        }
      }
      expect(new Mine(request()).greet()).toBe('I am the-id');
    });
  });
});
