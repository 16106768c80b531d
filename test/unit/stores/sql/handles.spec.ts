import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import { sessionTable, SqlSessionStore, sqlStore } from 'nest-session/sql';
import mysql from 'mysql2';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { SqlHandle } from '../../../../lib/stores/sql/sql-handle.js';
import { createDatabase } from '../../../support/database.js';
import { MYSQL_URL } from '../../../support/mysql.js';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';

const SECRET = 'postgres://ada:hidden@127.0.0.1/db';

/** What an application may have in hand that is no pool and no database. */
const WRONG: Record<string, unknown> = {
  'a Client of pg': new pg.Client(SECRET),
  'a Kysely': new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool() }) }),
  'a Drizzle': drizzle(new pg.Pool()),
  'a DataSource of TypeORM': new DataSource({ type: 'postgres', url: SECRET }),
  'a cluster of pools of mysql2': mysql.createPoolCluster(),
  'a pool of the package mysql': { getConnection: () => undefined, query: () => undefined, config: {} },
  'an address': SECRET,
  'a function': () => SECRET,
  'options of a pool': { connectionString: SECRET },
  'a better-sqlite3 without pragma()': { prepare: () => undefined, open: true },
  'a DatabaseSync that cannot say whether a transaction is open': {
    prepare: () => undefined,
    exec: () => undefined,
    isOpen: true,
  },
  undefined: undefined,
  null: null,
};

const errorOf = (make: () => unknown): Error => {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not throw.');
};

describe('a handle', () => {
  test.each(Object.entries(WRONG))('%s is refused, with what is accepted', (_, handle) => {
    const error = errorOf(() => new SqlSessionStore(handle as SqlHandle));
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(error.message).toMatch(
      /accepted: a Pool of "pg", a pool of "mysql2".+"better-sqlite3".+"node:sqlite"/,
    );
    expect(error.message).not.toContain('hidden');
  });

  test('a single connection is named, with why it is none', () => {
    const { message } = errorOf(() => new SqlSessionStore(new pg.Client() as never));
    expect(message).toMatch(/^SqlSessionStore: a Client was given;.+part of your transactions/);
  });
});

describe('one connection of a server', () => {
  const refuses = (handle: unknown): void => {
    const { message } = errorOf(() => new SqlSessionStore(handle as SqlHandle));
    expect(message).toMatch(/A single connection.+is not accepted, because sessions would become part/);
  };

  test('that a pool of pg has handed out is refused', async () => {
    const database = await createDatabase();
    const pool = new pg.Pool({ connectionString: database.url });
    const client = await pool.connect();
    refuses(client);
    client.release();
    await pool.end();
    await database.drop();
  });

  test('of pg with binary: true is refused at the start and by each call, also without a start', async () => {
    const database = await createDatabase();
    const pool = new pg.Pool({ connectionString: database.url, binary: true } as pg.PoolConfig);
    const store = new SqlSessionStore(pool);
    try {
      await pool.query(sessionTable('postgres'));
      for (const call of [() => store.start(), () => store.read(['key']), () => store.findByUser('ada', 0)]) {
        await expect(call()).rejects.toThrow(SessionOptionsError);
        await expect(call()).rejects.toThrow(/binary: true.+remove the setting/);
      }
    } finally {
      await pool.end();
      await database.drop();
    }
  });

  (MYSQL_URL ? test : test.skip)('of mysql2 is refused, by itself or out of a pool', async () => {
    const pool = mysql.createPool(MYSQL_URL!);
    const handed = await pool.promise().getConnection();
    const promised = await createConnection(MYSQL_URL!);
    const { connection: inner } = promised as unknown as { readonly connection: unknown };
    for (const connection of [handed, handed.connection, promised, inner]) refuses(connection);
    handed.release();
    await promised.end();
    await pool.promise().end();
  });
});

describe('options', () => {
  let pool: pg.Pool;
  beforeAll(() => void (pool = new pg.Pool())); // it connects when it is first used
  afterAll(() => pool.end());

  test.each(['', '.', 'a.', '.a', 'a.b.c', 'x'.repeat(51), 'a\0', 5, null])(
    'table: %j is refused',
    (table) => {
      for (const make of [
        () => new SqlSessionStore(pool, { table: table as string }),
        () => sessionTable('postgres', { table: table as string }),
      ]) {
        const error = errorOf(make);
        expect(error).toBeInstanceOf(SessionOptionsError);
        expect(error.message).toMatch(/option "table": .+ was given; accepted: the name of a table/);
      }
    },
  );

  test.each([0, -1, NaN, '1m'])('pruneInterval: %p is refused', (pruneInterval) => {
    const make = () => new SqlSessionStore(pool, { pruneInterval: pruneInterval as number });
    expect(make).toThrow(/SqlSessionStore option "pruneInterval"/);
  });

  test('one that the store does not know is refused', () => {
    expect(() => new SqlSessionStore(pool, { tabel: 'x' } as never)).toThrow(/SqlSessionStore.+"tabel"/);
  });

  test.each(['mariadb', 'toString', undefined])('the dialect %p is refused', (dialect) => {
    expect(() => sessionTable(dialect as never)).toThrow(SessionOptionsError);
    expect(() => sessionTable(dialect as never)).toThrow(/accepted: "postgres", "mysql".+"sqlite"/);
  });

  test('sqlStore() takes a handle, or its token', async () => {
    const given = sqlStore({ client: pool, pruneInterval: 5 });
    expect(given.inject).toBeUndefined();
    expect(await given.useFactory()).toMatchObject({ pruneInterval: 5 });
    const token = Symbol('POOL');
    const injected = sqlStore({ inject: token, pruneInterval: false });
    expect(injected.inject).toEqual([token]);
    expect(await injected.useFactory(pool as never)).toBeInstanceOf(SqlSessionStore);
  });

  test('sqlStore() takes exactly one of them', () => {
    expect(() => sqlStore({})).toThrow(/0 of "client" and "inject" were given/);
    expect(() => sqlStore({ client: pool, inject: 'POOL' })).toThrow(/2 of "client" and "inject"/);
  });
});
