import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { sessionStoreContract } from 'nest-session/testing';
import mysqlWithCallbacks from 'mysql2';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { SqlHandle } from '../../lib/stores/sql/sql-handle.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../support/mysql.js';
import { TRIES_ALL } from '../support/scope.js';
import { SQLITE_HANDLES } from '../support/sqlite-handles.js';

/** A handle as an application has it, and how it sends a statement of its own. */
interface Application {
  readonly handle: SqlHandle;
  run(sql: string): unknown;
  close(): unknown;
}

type Open = () => Promise<Application>;

function contractWith(
  name: string,
  dialect: 'postgres' | 'mysql' | 'sqlite',
  open: Open,
  table?: string,
  schema?: string,
): void {
  describe(name, () => {
    let application: Application;
    const options = table === undefined ? {} : { table };

    beforeAll(async () => {
      application = await open();
      if (schema !== undefined) await application.run(schema);
      await application.run(sessionTable(dialect, options));
    });
    afterAll(async () => {
      await application.close();
    });

    test('start() is content with the table of sessionTable()', async () => {
      await new SqlSessionStore(application.handle, options).start();
    });

    sessionStoreContract('SqlSessionStore', async () => {
      const store = new SqlSessionStore(application.handle, options);
      await store.deleteAll();
      return { store };
    });
  });
}

const postgres =
  (settings: pg.PoolConfig = {}): Open =>
  async () => {
    const database = await createDatabase();
    const pool = new pg.Pool({ connectionString: database.url, ...settings });
    return {
      handle: pool,
      run: (sql) => pool.query(sql),
      async close() {
        await pool.end();
        await database.drop();
      },
    };
  };

contractWith('on a Pool of pg', 'postgres', postgres());
if (TRIES_ALL)
  contractWith(
    'on a Pool of pg with a single connection, in a schema of its own',
    'postgres',
    postgres({ max: 1 }),
    'My Schema.My Sessions',
    'CREATE SCHEMA "My Schema"',
  );

async function closing(database: TestDatabase, pool: mysql.Pool): Promise<void> {
  await pool.end();
  await database.drop();
}

const mysqlPools: Record<string, Open> = {
  'with promises': async () => {
    const database = await createMysqlDatabase();
    const pool = mysql.createPool(database.url);
    return { handle: pool, run: (sql) => pool.query(sql), close: () => closing(database, pool) };
  },
  'with callbacks and a single connection': async () => {
    const database = await createMysqlDatabase();
    const pool = mysqlWithCallbacks.createPool({ uri: database.url, connectionLimit: 1, rowsAsArray: true });
    const promised = pool.promise();
    return { handle: pool, run: (sql) => promised.query(sql), close: () => closing(database, promised) };
  },
};

(MYSQL_URL ? describe : describe.skip)('on MySQL or MariaDB', () => {
  contractWith('on a pool of mysql2 with promises', 'mysql', mysqlPools['with promises']!);
  if (TRIES_ALL)
    contractWith(
      'on a pool of mysql2 with callbacks and a single connection',
      'mysql',
      mysqlPools['with callbacks and a single connection']!,
      'My `Sessions`',
    );
});

describe.each(Object.entries(SQLITE_HANDLES))('on SQLite, through %s', (driver, openSqlite) => {
  const opened =
    (isInMemory: boolean): Open =>
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nest-session-sql-'));
      const handle = openSqlite!(isInMemory ? ':memory:' : join(folder, 'sessions.db'));
      return {
        handle,
        run: (sql) => handle.exec(sql),
        async close() {
          handle.close();
          await rm(folder, { recursive: true });
        },
      };
    };

  if (openSqlite === undefined) {
    test.skip(`${driver} is not installed`, () => undefined);
    return;
  }
  contractWith('in memory', 'sqlite', opened(true));
  if (TRIES_ALL)
    contractWith(
      'in a file, in WAL mode',
      'sqlite',
      opened(false),
      'main.my "sessions"',
      'PRAGMA journal_mode = WAL',
    );
});
