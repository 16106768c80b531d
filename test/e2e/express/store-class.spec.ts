import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { inherits } from 'node:util';
import { PEERS, stopServers } from './support/peers.js';
import {
  type AnyStore,
  as,
  called,
  type Callback,
  dataOf,
  failure,
  fakeDate,
  fakeStore,
  idsOf,
  OPTIONS,
  parts,
  type Route,
  site,
  type StoreBase,
} from './support/store-helpers.js';

const ROW = {
  cookie: { originalMaxAge: 60_000, expires: '2100-01-01T00:00:00.000Z', httpOnly: true, path: '/app' },
  color: 'green',
};
const row = (): typeof ROW => structuredClone(ROW);

const count: Route = (req) => {
  req.session.views = as<number>(req.session.views ?? 0) + 1;
  return { views: req.session.views };
};

describe.each(PEERS)('%s: session.Store', (_, session) => {
  beforeEach(() => fakeDate(Date.now()));
  // the clock stands still: originalMaxAge is reckoned from two looks at it
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const { Store, Session, Cookie } = parts(session);

  /** The methods that a store brings, over a map. */
  const methods = (rows: Map<string, string>): Pick<AnyStore, 'get' | 'set' | 'destroy'> => ({
    get: (id, callback) => setImmediate(callback, null, rows.has(id) ? JSON.parse(rows.get(id)!) : null),
    set: (id, value, callback) => {
      rows.set(id, JSON.stringify(value));
      if (callback) setImmediate(callback);
    },
    destroy: (id, callback) => {
      rows.delete(id);
      if (callback) setImmediate(callback);
    },
  });

  async function expectWorks(store: unknown, rows: Map<string, string>): Promise<void> {
    const { client } = await site(session, { '/': count }, { store });
    const visitor = client();
    await visitor.get('/');
    expect((await visitor.get('/')).body).toEqual({ views: 2 });
    expect(rows.size).toBe(1);
  }

  describe('as a base', () => {
    it('serves a class that extends it', async () => {
      const rows = new Map<string, string>();
      class Mine extends Store {
        constructor(readonly options: unknown) {
          super(options);
          Object.assign(this, methods(rows));
        }
      }
      await expectWorks(new Mine({}), rows);
    });

    it('serves a constructor function that calls and inherits it', async () => {
      const rows = new Map<string, string>();
      function Mine(this: object, options: unknown): void {
        as<(options: unknown) => void>(Store).call(this, options);
      }
      inherits(Mine, Store);
      Object.assign(as<{ prototype: object }>(Mine).prototype, methods(rows));
      await expectWorks(new (as<new (options: unknown) => unknown>(Mine))({ prefix: 'x' }), rows);
    });

    it('serves a constructor function whose prototype was made of it', async () => {
      const rows = new Map<string, string>();
      function Mine(this: object): void {
        as<() => void>(Store).call(this);
      }
      Mine.prototype = Object.assign(Object.create(as<object>(Store.prototype)), methods(rows)) as object;
      await expectWorks(new (as<new () => unknown>(Mine))(), rows);
    });

    it('serves a constructor function that sets __proto__', async () => {
      const rows = new Map<string, string>();
      function Mine(this: object): void {
        as<(options: unknown) => void>(Store).call(this, {});
      }
      Object.setPrototypeOf(as<{ prototype: object }>(Mine).prototype, as<object>(Store.prototype));
      Object.assign(as<{ prototype: object }>(Mine).prototype, methods(rows));
      await expectWorks(new (as<new () => unknown>(Mine))(), rows);
    });

    it('is an EventEmitter, also for a constructor function', () => {
      function Mine(this: object): void {
        as<() => void>(Store).call(this);
      }
      inherits(Mine, Store);
      for (const store of [new Store(), new (as<new () => StoreBase>(Mine))()]) {
        const seen: unknown[] = [];
        store.on('something', (value) => seen.push(value));
        store.emit('something', 1);
        expect(store).toBeInstanceOf(EventEmitter);
        expect(store).toBeInstanceOf(Store);
        expect(seen).toEqual([1]);
      }
    });

    it('may be given no options', () => {
      expect(() => new Store()).not.toThrow();
    });
  });

  describe('createSession()', () => {
    const createFor = (req: unknown, from: unknown = row()): ReturnType<StoreBase['createSession']> =>
      new Store().createSession(req, from);

    it('makes a Session of the data, and puts it on the request', () => {
      const req = { sessionID: 'the-id', session: undefined };
      const created = createFor(req);
      expect(created).toBeInstanceOf(Session);
      expect(req.session).toBe(created);
      expect(created.id).toBe('the-id');
      expect(dataOf(created)).toEqual({ color: 'green' });
    });

    it('makes a Cookie of the cookie', () => {
      const { cookie } = createFor({ sessionID: 'the-id' });
      expect(cookie).toBeInstanceOf(Cookie);
      expect(cookie.path).toBe('/app');
      expect(cookie.httpOnly).toBe(true);
    });

    it('makes a Date of expires', () => {
      expect(createFor({ sessionID: 'the-id' }).cookie.expires).toEqual(new Date(ROW.cookie.expires));
    });

    it('takes expires as a Date too', () => {
      const expires = new Date('2100-01-01');
      const { cookie } = createFor({ sessionID: 'the-id' }, { cookie: { ...ROW.cookie, expires } });
      expect(cookie.expires).toEqual(expires);
    });

    it('keeps originalMaxAge, whatever the time that remains', () => {
      expect(createFor({ sessionID: 'the-id' }).cookie.originalMaxAge).toBe(60_000);
    });

    it('gives a cookie without an end none', () => {
      const { cookie } = createFor({ sessionID: 'x' }, { cookie: { originalMaxAge: null, expires: null } });
      expect([cookie.maxAge, cookie.expires, cookie.originalMaxAge]).toEqual([null, null, null]);
    });
  });

  describe('generate()', () => {
    it('is there once the store is in use, and gives any request a new session', () => {
      const store = fakeStore(session);
      as<(options: unknown) => unknown>(session)({ ...OPTIONS, store, cookie: { maxAge: 60_000 } });
      const req = { sessionID: 'old', sessionStore: store, session: new Session({ sessionID: 'old' }) };
      store.generate(req);
      expect(req.sessionID).toMatch(/^[\w-]{20,}$/);
      expect(req.session).toBeInstanceOf(Session);
      expect(req.session.id).toBe(req.sessionID);
      expect(req.session.cookie.originalMaxAge).toBe(60_000);
    });

    it('in a request: the new session gets the row and the cookie, and the old row stays', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return req.session.id;
          },
          '/generate': (req) => {
            req.sessionStore.generate(req);
            req.session.color = 'red';
            return req.sessionID;
          },
        },
        { store },
      );
      const visitor = client();
      const { body: old } = await visitor.get('/set');
      const { body: id, setCookies } = await visitor.get('/generate');
      expect(idsOf(setCookies)).toEqual([id]);
      expect([...store.rows.keys()]).toEqual([old, id]);
      expect(store.data).toEqual([{ color: 'green' }, { color: 'red' }]);
    });

    it('in a request, after destroy(): starts a new session', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/again': async (req) => {
            await called((done) => req.session.destroy(done));
            req.sessionStore.generate(req);
            req.session.color = 'red';
            return req.sessionID;
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      const { body, setCookies } = await visitor.get('/again');
      expect(idsOf(setCookies)).toEqual([body]);
      expect(store.data).toEqual([{ color: 'red' }]);
    });
  });

  describe('regenerate()', () => {
    it('destroys the session of the request and generates another', async () => {
      const destroyed: string[] = [];
      class Mine extends Store {
        destroy(id: string, callback: Callback): void {
          destroyed.push(id);
          callback();
        }
        override generate(req: { sessionID: string }): void {
          req.sessionID = 'new';
        }
      }
      const req = { sessionID: 'old' };
      await called((done) => new Mine().regenerate(req, done));
      expect([destroyed, req.sessionID]).toEqual([['old'], 'new']);
    });

    it('called in a request: the response carries the cookie of the new session', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/regenerate': async (req) => {
            await called((done) => req.sessionStore.regenerate(req, done));
            return [req.sessionID, req.session.id, dataOf(req.session)];
          },
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      const { body, setCookies } = await visitor.get('/regenerate');
      expect(idsOf(setCookies)).toEqual([body[0]]);
      expect(body).toEqual([body[0], body[0], {}]);
      expect([...store.rows.keys()]).toEqual([body[0]]);
    });
  });

  describe('load()', () => {
    it('gives the session of an id', async () => {
      const store = fakeStore(session);
      store.rows.set('the-id', JSON.stringify(ROW));
      const loaded = as<InstanceType<typeof Session>>(await called((done) => store.load('the-id', done)));
      expect(loaded).toBeInstanceOf(Session);
      expect(loaded.id).toBe('the-id');
      expect(dataOf(loaded)).toEqual({ color: 'green' });
      expect(loaded.cookie.expires).toEqual(new Date(ROW.cookie.expires));
    });

    it('gives one that can be changed and saved', async () => {
      const store = fakeStore(session);
      store.rows.set('the-id', JSON.stringify(ROW));
      const loaded = as<InstanceType<typeof Session>>(await called((done) => store.load('the-id', done)));
      loaded.color = 'red';
      await called((done) => loaded.save(done));
      expect(JSON.parse(store.rows.get('the-id')!)).toEqual({ ...ROW, color: 'red' });
    });

    it('gives one that can be destroyed', async () => {
      const store = fakeStore(session);
      store.rows.set('the-id', JSON.stringify(ROW));
      const loaded = as<InstanceType<typeof Session>>(await called((done) => store.load('the-id', done)));
      await called((done) => loaded.destroy(done));
      expect(store.rows.size).toBe(0);
    });

    it('gives nothing for an id that is unknown', async () => {
      const store = fakeStore(session);
      expect(await called((done) => store.load('unknown', done))).toBeUndefined();
    });

    it('gives the very error of the store', async () => {
      const store = fakeStore(session);
      const error = (store.fail.get = new Error('the store is down'));
      expect(await failure((done) => store.load('the-id', done))).toBe(error);
    });

    it('serves a socket that came with the cookie of a visitor', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, { '/': count }, { store });
      const visitor = client();
      const id = idsOf((await visitor.get('/')).setCookies)[0]!;
      const loaded = as<InstanceType<typeof Session>>(await called((done) => store.load(id, done)));
      loaded.views = 10;
      await called((done) => loaded.save(done));
      expect((await visitor.get('/')).body).toEqual({ views: 11 });
    });
  });

  it('lets a handler take up another session by its id', async () => {
    const store = fakeStore(session);
    store.rows.set('known-token', JSON.stringify(ROW));
    const { client } = await site(
      session,
      {
        '/adopt': async (req) => {
          const found = await called((done) => store.get('known-token', done));
          req.sessionID = 'known-token';
          store.createSession(req, found);
          req.session.size = 2;
          return { color: req.session.color };
        },
      },
      { store },
    );
    const { body, setCookies } = await client().get('/adopt');
    expect(body).toEqual({ color: 'green' });
    expect(idsOf(setCookies)).toEqual(['known-token']);
    expect(store.data).toEqual([{ color: 'green', size: 2 }]);
  });
});
