import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import connectMemcached from 'connect-memcached';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import memoryStore from 'memorystore';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createClient } from 'redis';
import dropIn from '../../../lib/express/index.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { MEMCACHED, type MemcachedServer, startMemcached } from '../../support/memcached.js';
import { MONGO_KINDS } from '../express-stores/support/mongo.js';
import { PEERS, type SessionFunction, stopServers } from './support/peers.js';
import {
  type AnyStore,
  as,
  called,
  dataOf,
  failure,
  idsOf,
  type Route,
  site,
} from './support/store-helpers.js';

/** A store package, used as its documentation has it. */
interface Kind {
  /** A store that is empty. */
  open(session: SessionFunction): Promise<AnyStore>;
  /** The ids of its rows. */
  ids(store: AnyStore): Promise<string[]>;
  /** When a row ends, in milliseconds from now, as its own back end has it. */
  endsIn(store: AnyStore, id: string): Promise<number>;
  before?(): Promise<void>;
  after?(): Promise<void>;
}

type Maker = (session: SessionFunction) => new (options: unknown) => AnyStore;

let database: TestDatabase;
let pool: pg.Pool;

const pgSimple: Kind = {
  async before() {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 5 });
  },
  async after() {
    await pool.end();
    await database.drop();
  },
  async open(session) {
    await pool.query('DROP TABLE IF EXISTS "session"');
    const PgStore = as<Maker>(connectPgSimple)(session);
    const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
    await called((done) => store.get('none', done)); // makes the table
    return store;
  },
  async ids() {
    const { rows } = await pool.query<{ sid: string }>('SELECT sid FROM "session" ORDER BY sid');
    return rows.map(({ sid }) => sid);
  },
  async endsIn(_store, id) {
    const { rows } = await pool.query<{ ms: string }>(
      'SELECT extract(epoch FROM expire - localtimestamp) * 1000 AS ms FROM "session" WHERE sid = $1',
      [id],
    );
    return Number(rows[0]?.ms);
  },
};

interface Lru {
  keys(): string[];
  dump(): { k: string; e: number }[];
}

const memory: Kind = {
  open(session) {
    const MemoryStore = as<Maker>(memoryStore)(session);
    return Promise.resolve(new MemoryStore({ checkPeriod: 0 }));
  },
  ids: (store) =>
    called((done) => as<{ ids(callback: unknown): void }>(store).ids(done)) as Promise<string[]>,
  endsIn: (store, id) => {
    const entry = as<{ store: Lru }>(store)
      .store.dump()
      .find(({ k }) => k === id);
    return Promise.resolve(Number(entry?.e) - Date.now());
  },
};

/** The few calls that connect-redis makes, where no Redis answers. */
class FakeRedis {
  readonly rows = new Map<string, { text: string; end: number }>();
  get = (key: string): Promise<string | null> => Promise.resolve(this.#live(key)?.text ?? null);
  set = (key: string, text: string, options: { expiration: { value: number } }): Promise<string> => {
    this.rows.set(key, { text, end: Date.now() + options.expiration.value * 1_000 });
    return Promise.resolve('OK');
  };
  expire = (key: string, seconds: number): Promise<number> => {
    const row = this.#live(key);
    if (row) row.end = Date.now() + seconds * 1_000;
    return Promise.resolve(row ? 1 : 0);
  };
  del = (keys: string[]): Promise<number> =>
    Promise.resolve(keys.filter((key) => this.rows.delete(key)).length);
  mGet = (keys: string[]): Promise<(string | null)[]> => Promise.all(keys.map(this.get));
  pTTL = (key: string): Promise<number> => Promise.resolve((this.#live(key)?.end ?? 0) - Date.now());
  async *scanIterator({ MATCH }: { MATCH: string }): AsyncGenerator<string[]> {
    yield await Promise.resolve([...this.rows.keys()].filter((key) => key.startsWith(MATCH.slice(0, -1))));
  }
  destroy = (): void => undefined;
  #live(key: string): { text: string; end: number } | undefined {
    const row = this.rows.get(key);
    return row && row.end > Date.now() ? row : undefined;
  }
}

type Redis = Pick<FakeRedis, 'del' | 'pTTL' | 'scanIterator' | 'destroy'>;

async function connect(): Promise<Redis> {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
  const client = createClient({ url, socket: { connectTimeout: 20_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch {
    console.warn(
      `NO REDIS ANSWERS AT ${url}: connect-redis is tested against a stand-in, not against Redis.`,
    );
    return new FakeRedis();
  }
}

let client: Redis;
let prefix = '';

async function redisKeys(of: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const some of client.scanIterator({ MATCH: `${of}*` })) keys.push(...some);
  return keys;
}

const PREFIX = `nest-session-test:${randomBytes(8).toString('hex')}:`;

const redis: Kind = {
  async before() {
    client = await connect();
  },
  async after() {
    const keys = await redisKeys(PREFIX);
    if (keys.length > 0) await client.del(keys);
    client.destroy();
  },
  open() {
    prefix = `${PREFIX}${randomBytes(4).toString('hex')}:`;
    return Promise.resolve(as<AnyStore>(new RedisStore({ client, prefix })));
  },
  async ids() {
    return (await redisKeys(prefix)).map((key) => key.slice(prefix.length)).sort();
  },
  endsIn: (_store, id) => client.pTTL(prefix + id),
};

let memcachedServer: MemcachedServer;
const memcachedClients: { end(): void }[] = [];

const memcached: Kind = {
  async before() {
    memcachedServer = await startMemcached();
  },
  async after() {
    for (const each of memcachedClients) each.end();
    await memcachedServer.close();
  },
  async open(session) {
    await memcachedServer.clear();
    const MemcachedStore = as<Maker>(connectMemcached)(session);
    const store = new MemcachedStore({ hosts: [memcachedServer.address] });
    memcachedClients.push(as<{ client: { end(): void } }>(store).client);
    return store;
  },
  async ids() {
    return (await memcachedServer.items()).map(({ key }) => key).sort();
  },
  async endsIn(_store, id) {
    const item = (await memcachedServer.items()).find(({ key }) => key === id);
    return Number(item?.endsIn);
  },
};

const mongo = MONGO_KINDS.map(([name, make]): [string, Kind] => {
  const rows = make();
  return [
    name,
    {
      before: () => rows.before(),
      after: () => rows.after(),
      async open() {
        await rows.clear();
        return as<AnyStore>(rows.open());
      },
      ids: () => rows.ids(),
      endsIn: async (_store, id) => (await rows.endsAt(id)) - Date.now(),
    },
  ];
});

const KINDS: [string, Kind][] = [
  ['connect-pg-simple', pgSimple],
  ['memorystore', memory],
  ['connect-redis', redis],
  ...(MEMCACHED ? [['connect-memcached', memcached] satisfies [string, Kind]] : []),
  ...mongo,
];

const ROUTES: Record<string, Route> = {
  '/count': (req) => {
    req.session.views = as<number>(req.session.views ?? 0) + 1;
    return { views: req.session.views, id: req.session.id };
  },
  '/read': (req) => dataOf(req.session),
  '/save': async (req) => {
    req.session.saved = true;
    await called((done) => req.session.save(done));
    return { ...as<object>(await called((done) => req.sessionStore.get(req.sessionID, done))) };
  },
  '/reload': async (req) => {
    req.session.views = -1;
    await called((done) => req.session.reload(done));
    return dataOf(req.session);
  },
  '/regenerate': async (req) => {
    await called((done) => req.session.regenerate(done));
    req.session.color = 'red';
    return { id: req.session.id };
  },
  '/destroy': async (req) => {
    await called((done) => req.session.destroy(done));
    return 'ok';
  },
  '/longer': (req) => {
    req.session.color = 'red';
    req.session.cookie.maxAge = 7_200_000;
    return 'ok';
  },
};
const HOUR = 3_600_000;

const near = (actual: number, expected: number): boolean => Math.abs(actual - expected) < 60_000;

describe('connect stores', () => {
  beforeAll(async () => {
    for (const [, kind] of KINDS) await kind.before?.();
  });
  afterEach(stopServers);
  afterAll(async () => {
    for (const [, kind] of KINDS) await kind.after?.();
  });

  describe.each(PEERS)('%s', (_, session) => {
    describe.each(KINDS)('with %s', (_name, kind) => {
      async function open(options: object = {}): Promise<{
        readonly store: AnyStore;
        readonly visitor: () => Promise<ReturnType<Awaited<ReturnType<typeof site>>['client']>>;
        readonly client: Awaited<ReturnType<typeof site>>['client'];
        readonly errors: unknown[];
      }> {
        const store = await kind.open(session);
        const opened = await site(session, ROUTES, { store, cookie: { maxAge: HOUR }, ...options });
        return {
          store,
          client: opened.client,
          errors: opened.errors,
          visitor: async () => {
            const visitor = opened.client();
            await visitor.get('/count');
            return visitor;
          },
        };
      }

      it.each([
        [false, false],
        [true, true],
      ])('remembers a visitor (resave: %s, saveUninitialized: %s)', async (resave, saveUninitialized) => {
        const { store, client: browser } = await open({ resave, saveUninitialized });
        const visitor = browser();
        const { body, setCookies } = await visitor.get('/count');
        expect(body.views).toBe(1);
        expect(idsOf(setCookies)).toEqual([body.id]);
        expect(await kind.ids(store)).toEqual([body.id]);
        expect((await visitor.get('/count')).body).toEqual({ views: 2, id: body.id });
        expect((await visitor.get('/read')).body).toEqual({ views: 2 });
      });

      it('stores nothing for a visitor who changes nothing', async () => {
        const { store, client: browser } = await open();
        expect((await browser().get('/read')).setCookies).toEqual([]);
        expect(await kind.ids(store)).toEqual([]);
      });

      it('save() stores at once', async () => {
        const { visitor } = await open();
        expect((await (await visitor()).get('/save')).body).toMatchObject({ views: 1, saved: true });
      });

      it('reload() brings back what is stored', async () => {
        const { visitor } = await open();
        expect((await (await visitor()).get('/reload')).body).toEqual({ views: 1 });
      });

      it('reload() of a session that is gone fails', async () => {
        const { visitor, store } = await open();
        const opened = await site(
          session,
          {
            '/': async (req) => {
              await called((done) => store.destroy(req.sessionID, done));
              return String(await failure((done) => req.session.reload(done)));
            },
          },
          { store },
        );
        const known = opened.client();
        known.headers.cookie = (await visitor()).cookieHeader;
        expect((await known.get('/')).body).toBe('Error: failed to load session');
      });

      it('regenerate() leaves the new row alone', async () => {
        const { visitor, store } = await open();
        const known = await visitor();
        const { body, setCookies } = await known.get('/regenerate');
        expect(idsOf(setCookies)).toEqual([body.id]);
        expect(await kind.ids(store)).toEqual([body.id]);
        expect((await known.get('/read')).body).toEqual({ color: 'red' });
      });

      it('destroy() leaves no row', async () => {
        const { visitor, store } = await open();
        const known = await visitor();
        await known.get('/destroy');
        expect(await kind.ids(store)).toEqual([]);
        expect((await known.get('/read')).body).toEqual({});
      });

      it('has a row that ends when the cookie does', async () => {
        const { visitor, store } = await open();
        await visitor();
        const [id] = await kind.ids(store);
        expect(near(await kind.endsIn(store, id!), HOUR)).toBe(true);
      });

      it('has a row that ends when the handler says', async () => {
        const { visitor, store } = await open();
        await (await visitor()).get('/longer');
        const [id] = await kind.ids(store);
        expect(near(await kind.endsIn(store, id!), 2 * HOUR)).toBe(true);
      });

      it('has a row whose end a mere read moves', async () => {
        const { visitor, store } = await open();
        const known = await visitor();
        const [id] = await kind.ids(store);
        const row = as<{ cookie: { expires: string } }>(await called((done) => store.get(id!, done)));
        row.cookie.expires = new Date(Date.now() + 600_000).toISOString();
        await called((done) => store.set(id!, { ...row, cookie: { ...row.cookie, maxAge: 600_000 } }, done));
        expect(near(await kind.endsIn(store, id!), 600_000)).toBe(true);
        await known.get('/read');
        expect(near(await kind.endsIn(store, id!), HOUR)).toBe(true);
      });

      it('keeps data of every kind', async () => {
        const data = { text: 'ünï☃"', list: [1, [null, {}]], no: null, deep: { a: { b: false } }, '': 0 };
        const store = await kind.open(session);
        const opened = await site(
          session,
          {
            '/set': (req) => {
              Object.assign(req.session, data);
              return 'ok';
            },
            '/read': ROUTES['/read']!,
          },
          { store },
        );
        const visitor = opened.client();
        await visitor.get('/set');
        expect((await visitor.get('/read')).body).toEqual(data);
      });

      it('serves many visitors at once', async () => {
        const { visitor, store, errors } = await open();
        const visitors = await Promise.all(Array.from({ length: 20 }, visitor));
        const answers = await Promise.all(visitors.map((known) => known.get('/count')));
        expect(answers.map(({ body }) => as<number>(body.views))).toEqual(answers.map(() => 2));
        expect(await kind.ids(store)).toHaveLength(20);
        expect(errors).toEqual([]);
      });

      it('load() of the store gives a session', async () => {
        const { visitor, store } = await open();
        await visitor();
        const [id] = await kind.ids(store);
        const loaded = as<Record<string, unknown>>(await called((done) => store.load(id!, done)));
        expect([loaded.id, loaded.views]).toEqual([id, 1]);
      });
    });

    it('with connect-pg-simple: an error of the database reaches next()', async () => {
      const PgStore = as<Maker>(connectPgSimple)(session);
      const store = new PgStore({ pool, tableName: 'no_such_table', pruneSessionInterval: false });
      const { client: browser, errors } = await site(session, ROUTES, { store });
      const visitor = browser();
      await visitor.get('/count');
      await visitor.get('/read');
      expect(String(errors[0])).toContain('relation "no_such_table" does not exist');
    });
  });

  describe('chosen differences: nest-session/express', () => {
    it.each(KINDS)('with %s two requests that change different keys both win', async (_, kind) => {
      const store = await kind.open(dropIn);
      let loaded = 0;
      let release!: () => void;
      const both = new Promise<void>((resolve) => (release = resolve));
      const change =
        (key: string): Route =>
        async (req) => {
          req.session[key] = 1;
          if (++loaded === 2) release();
          await both;
          return 'ok';
        };
      const routes = { ...ROUTES, '/first': change('first'), '/second': change('second') };
      const { client: browser } = await site(dropIn, routes, { store });
      const visitor = browser();
      await visitor.get('/count');
      await Promise.all([visitor.copy().get('/first'), visitor.copy().get('/second')]);
      expect((await visitor.get('/read')).body).toEqual({ views: 1, first: 1, second: 1 });
    });
  });
});
