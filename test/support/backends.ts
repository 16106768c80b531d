import { afterAll } from '@jest/globals';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { MemorySessionStore, type SessionStore } from '../../lib/index.js';
import { createDatabase } from './database.js';
import { findResource } from './resources/find.js';
import { TRIES_ALL } from './scope.js';

/** Where the sessions of a test live; outlives the application, so that a test can restart it. */
export interface Backend {
  readonly kind: string;
  readonly store: SessionStore;
  /** Where it is a database: takes it away from the store, as an outage does. */
  cut?(): Promise<void>;
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

const mysql = database('mysql', async () => {
  const { createMysqlDatabase } = await import('./mysql.js');
  const made = await createMysqlDatabase();
  return { options: { type: 'mysql', url: made.url }, drop: () => made.drop() };
});

const sqlite = database('sqlite', () =>
  Promise.resolve({ options: { type: 'sqljs' }, drop: () => Promise.resolve() }),
);

interface OpenDatabase {
  readonly dataSource: DataSource;
  /** Closes it, if it is open, and removes it. */
  readonly end: () => Promise<void>;
}

/**
 * Databases of one kind, whose table is there. One that a test is done with is emptied for the next test of the file: to make
 * one takes longer than most tests.
 */
function database(
  kind: string,
  create: () => Promise<{ options: DataSourceOptions; drop: () => Promise<void> }>,
): () => Promise<Backend> {
  const idle: OpenDatabase[] = [];
  let isOver = false;
  afterAll(async () => {
    isOver = true;
    for (const { end } of idle.splice(0)) await end();
  });

  async function open(): Promise<OpenDatabase> {
    const { DataSource } = await import('typeorm');
    const { SessionEntity } = await import('../../lib/stores/typeorm/index.js');
    const { options, drop } = await create();
    const dataSource = new DataSource({ ...options, entities: [SessionEntity], synchronize: true });
    await dataSource.initialize();
    const end = async (): Promise<void> => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await drop();
    };
    return { dataSource, end };
  }

  return async () => {
    const { SessionEntity, TypeOrmSessionStore } = await import('../../lib/stores/typeorm/index.js');
    const opened = idle.pop() ?? (await open());
    const { dataSource } = opened;
    return {
      kind,
      store: new TypeOrmSessionStore(dataSource, { pruneInterval: false }),
      cut: () => dataSource.destroy(),
      async close() {
        if (isOver || !dataSource.isInitialized) return opened.end();
        await dataSource.getRepository(SessionEntity).clear();
        idle.push(opened);
      },
    };
  };
}

/** The others, which CI tries: the contract suite is about them. Not all are everywhere. */
async function others(): Promise<Record<string, () => Promise<Backend>>> {
  return {
    sqlite,
    ...((await findResource('Redis')) && { redis }),
    ...((await findResource('MariaDB or MySQL')) && { mysql }),
  };
}

export const BACKENDS: Record<'memory' | 'postgres', () => Promise<Backend>> = {
  memory() {
    const store = new MemorySessionStore();
    return Promise.resolve({ kind: 'memory', store, close: () => Promise.resolve(store.close()) });
  },
  postgres: database('postgres', async () => {
    const made = await createDatabase();
    return { options: { type: 'postgres', url: made.url }, drop: () => made.drop() };
  }),
  ...(TRIES_ALL && (await others())),
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
 * The stores that each framework is tried on. A store sees nothing of the framework, but when it answers does matter to the
 * response: one answers in the process, the other takes a round trip. Usually each framework has one of them, and with
 * TEST_SCOPE=all Fastify has both, and Express all stores.
 */
export const KINDS_ON: Readonly<Record<'express' | 'fastify', readonly (typeof KINDS)[number][]>> = TRIES_ALL
  ? { express: KINDS, fastify: ['memory', 'postgres'] }
  : { express: ['postgres'], fastify: ['memory'] };
