import type { DataSourceOptions } from 'typeorm';
import { MemorySessionStore, type SessionStore } from '../../lib/index.js';
import { findResource } from './resources/find.js';

/** Where the sessions of a test live; outlives the application, so that a test can restart it. */
export interface Backend {
  readonly kind: string;
  readonly store: SessionStore;
  close(): Promise<void>;
}

// Each loads its driver when it is opened: most specs need one or two of them.

async function redis(): Promise<Backend> {
  const { openRedisSpace } = await import('./redis.js');
  const { RedisSessionStore } = await import('../../lib/stores/redis/index.js');
  const space = await openRedisSpace();
  const store = new RedisSessionStore({ client: space.client, prefix: space.prefix });
  return { kind: 'redis', store, close: () => space.close() };
}

async function mysql(): Promise<Backend> {
  const { createMysqlDatabase } = await import('./mysql.js');
  const database = await createMysqlDatabase();
  return openDatabase('mysql', { type: 'mysql', url: database.url }, () => database.drop());
}

/** A database of one kind, whose table is there. */
async function openDatabase(
  kind: string,
  options: DataSourceOptions,
  drop: () => Promise<void> = () => Promise.resolve(),
): Promise<Backend> {
  const { DataSource } = await import('typeorm');
  const { SessionEntity, TypeOrmSessionStore } = await import('../../lib/stores/typeorm/index.js');
  const dataSource = new DataSource({ ...options, entities: [SessionEntity], synchronize: true });
  await dataSource.initialize();
  return {
    kind,
    store: new TypeOrmSessionStore(dataSource, { pruneInterval: false }),
    async close() {
      await dataSource.destroy();
      await drop();
    },
  };
}

const sqlite = (): Promise<Backend> => openDatabase('sqlite', { type: 'sqljs' });

/** The others. Not all are everywhere. */
const others: Record<string, () => Promise<Backend>> = {
  sqlite,
  ...((await findResource('Redis')) && { redis }),
  ...((await findResource('MariaDB or MySQL')) && { mysql }),
};

export const BACKENDS: Record<'memory' | 'postgres', () => Promise<Backend>> = {
  memory() {
    const store = new MemorySessionStore();
    return Promise.resolve({ kind: 'memory', store, close: () => Promise.resolve(store.close()) });
  },
  async postgres() {
    const { createDatabase } = await import('./database.js');
    const database = await createDatabase();
    return openDatabase('postgres', { type: 'postgres', url: database.url }, () => database.drop());
  },
  ...others,
};

export const KINDS = Object.keys(BACKENDS) as (keyof typeof BACKENDS)[];

/** Those that keep nothing: for what does not ask whether a session is kept on the server. */
export const IN_COOKIES: Record<'cookie', () => Promise<Backend>> = {
  async cookie() {
    const { CookieSessionStore } = await import('../../lib/stores/cookie/index.js');
    return { kind: 'cookie', store: new CookieSessionStore(), close: () => Promise.resolve() };
  },
};

/**
 * The stores that each framework is tried on: all on Express, and on Fastify one in the process and one that takes a
 * round trip. A store sees nothing of the framework, but when it answers does matter to the response.
 */
export const KINDS_ON = { express: KINDS, fastify: ['memory', 'postgres'] } as const;
