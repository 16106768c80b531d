import connectMemcached from 'connect-memcached';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import expressSession from 'express-session';
import memoryStore from 'memorystore';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import pg from 'pg';
import { createClient } from 'redis';
import type { ExpressSessionStore } from '../../../../lib/express/index.js';
import { createDatabase, type TestDatabase } from '../../../support/database.js';
import { MEMCACHED, type MemcachedServer, startMemcached } from '../../../support/memcached.js';
import { MONGO_KINDS } from './mongo.js';

/** A store package in its back end, as its documentation has it. */
export interface StoreKind {
  before(): Promise<void>;
  after(): Promise<void>;
  /** Another store object over the same rows, as another process has it. */
  open(): ExpressSessionStore;
  /** Removes all rows. */
  clear(): Promise<void>;
  /** The ids of the rows. */
  ids(): Promise<string[]>;
  /** When the back end itself drops a row, in milliseconds since the epoch. */
  endsAt(id: string): Promise<number>;
}

type Maker = (session: unknown) => new (options: object) => ExpressSessionStore;

class PgSimple implements StoreKind {
  #database!: TestDatabase;
  #pool!: pg.Pool;

  async before(): Promise<void> {
    this.#database = await createDatabase();
    this.#pool = new pg.Pool({ connectionString: this.#database.url, max: 5 });
    const table = createRequire(import.meta.url).resolve('connect-pg-simple/table.sql');
    await this.#pool.query(await readFile(table, 'utf8'));
  }

  async after(): Promise<void> {
    await this.#pool.end();
    await this.#database.drop();
  }

  open(): ExpressSessionStore {
    const PgStore = (connectPgSimple as Maker)(expressSession);
    return new PgStore({ pool: this.#pool, pruneSessionInterval: false });
  }

  async clear(): Promise<void> {
    await this.#pool.query('TRUNCATE "session"');
  }

  async ids(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ sid: string }>('SELECT sid FROM "session" ORDER BY sid');
    return rows.map(({ sid }) => sid);
  }

  async endsAt(id: string): Promise<number> {
    const { rows } = await this.#pool.query<{ ms: string }>(
      'SELECT extract(epoch FROM expire::timestamptz) * 1000 AS ms FROM "session" WHERE sid = $1',
      [id],
    );
    return Number(rows[0]?.ms);
  }
}

interface Lru {
  dump(): { k: string; e: number }[];
}

const MemoryStore = (memoryStore as Maker)(expressSession);

/** Its rows are in the store object: two processes cannot share them, so here they share the object. */
class InMemory implements StoreKind {
  #store = new MemoryStore({ checkPeriod: 0 });

  before = (): Promise<void> => Promise.resolve();
  after = (): Promise<void> => Promise.resolve();
  open = (): ExpressSessionStore => this.#store;
  clear = (): Promise<void> => Promise.resolve(void (this.#store = new MemoryStore({ checkPeriod: 0 })));
  ids = (): Promise<string[]> => Promise.resolve(this.#lru.dump().map(({ k }) => k).sort()); // prettier-ignore
  endsAt = (id: string): Promise<number> =>
    Promise.resolve(Number(this.#lru.dump().find(({ k }) => k === id)?.e));

  get #lru(): Lru {
    return (this.#store as unknown as { store: Lru }).store;
  }
}

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

class InRedis implements StoreKind {
  readonly #prefix = `nest-session-test:${randomBytes(8).toString('hex')}:`;
  #client!: Redis;

  async before(): Promise<void> {
    this.#client = await connect();
  }

  async after(): Promise<void> {
    await this.clear();
    this.#client.destroy();
  }

  open(): ExpressSessionStore {
    return new RedisStore({ client: this.#client, prefix: this.#prefix });
  }

  async clear(): Promise<void> {
    const keys = await this.#keys();
    if (keys.length > 0) await this.#client.del(keys);
  }

  async ids(): Promise<string[]> {
    return (await this.#keys()).map((key) => key.slice(this.#prefix.length)).sort();
  }

  async endsAt(id: string): Promise<number> {
    return Date.now() + (await this.#client.pTTL(this.#prefix + id));
  }

  async #keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const some of this.#client.scanIterator({ MATCH: `${this.#prefix}*` })) keys.push(...some);
    return keys;
  }
}

type MemcachedStore = ExpressSessionStore & { client: { end(): void } };

class InMemcached implements StoreKind {
  readonly #stores: MemcachedStore[] = [];
  #server!: MemcachedServer;

  async before(): Promise<void> {
    this.#server = await startMemcached();
  }

  async after(): Promise<void> {
    for (const { client } of this.#stores) client.end();
    await this.#server.close();
  }

  open(): ExpressSessionStore {
    const Store = (connectMemcached as Maker)(expressSession);
    const store = new Store({ hosts: [this.#server.address], prefix: 'test:' }) as MemcachedStore;
    this.#stores.push(store);
    return store;
  }

  clear(): Promise<void> {
    return this.#server.clear();
  }

  async ids(): Promise<string[]> {
    return (await this.#server.items()).map(({ key }) => key.replace(/^test:/, '')).sort();
  }

  async endsAt(id: string): Promise<number> {
    const item = (await this.#server.items()).find(({ key }) => key === `test:${id}`);
    return Date.now() + Number(item?.endsIn);
  }
}

/** Those whose servers are not everywhere: global-teardown.ts tells of what is missing. */
const found: [name: string, make: () => StoreKind][] = MEMCACHED
  ? [['connect-memcached', () => new InMemcached()]]
  : [];

/** Real stores, each made once for a spec file. */
export const STORE_KINDS: [name: string, make: () => StoreKind][] = [
  ['connect-pg-simple', () => new PgSimple()],
  ['memorystore', () => new InMemory()],
  ['connect-redis', () => new InRedis()],
  ...found,
  ...MONGO_KINDS,
];
