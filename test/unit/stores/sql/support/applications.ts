import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql, { type PoolOptions } from 'mysql2';
import pg from 'pg';
import type { SqlDialectName, SqlHandle } from '../../../../../lib/stores/sql/sql-handle.js';
import { createDatabase } from '../../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../../../support/mysql.js';
import { SQLITE_HANDLES } from '../../../../support/sqlite-handles.js';

/** A database of its own, and a handle as an application has it. */
export interface Application {
  readonly dialect: SqlDialectName;
  readonly handle: SqlHandle;
  /** Another handle to the same database, under which it only reads. */
  readOnly(this: void): Promise<Application>;
  /** Sends one statement of the application. */
  run(sql: string): Promise<unknown>;
  /** Closes the handle as an application does. */
  end(): Promise<void>;
  /** Drops the database. */
  drop(this: void): Promise<void>;
}

type Ends = Pick<Application, 'drop'>;

function postgres(url: string, ends: Ends, config: pg.PoolConfig = {}): Application {
  const pool = new pg.Pool({ connectionString: url, ...config });
  pool.on('error', () => undefined);
  return {
    dialect: 'postgres',
    handle: pool,
    readOnly: () =>
      Promise.resolve(
        postgres(url, { drop: () => Promise.resolve() }, { options: '-c default_transaction_read_only=on' }),
      ),
    run: (sql) => pool.query(sql),
    end: async () => (pool.ended ? undefined : pool.end()),
    ...ends,
  };
}

function mysqlPool(url: string, ends: Ends, isReadOnly = false, options: PoolOptions = {}): Application {
  const pool = mysql.createPool({ uri: url, ...options });
  if (isReadOnly)
    pool.on('connection', (connection) => connection.query('SET SESSION TRANSACTION READ ONLY'));
  return {
    dialect: 'mysql',
    handle: pool,
    readOnly: () => Promise.resolve(mysqlPool(url, { drop: () => Promise.resolve() }, true)),
    run: (sql) => pool.promise().query(sql),
    end: () => pool.promise().end(),
    ...ends,
  };
}

function sqlite(
  open: NonNullable<(typeof SQLITE_HANDLES)[string]>,
  file: string,
  ends: Ends,
  isReadOnly = false,
): Application {
  const handle = open(file);
  if (isReadOnly) handle.exec('PRAGMA query_only = on');
  return {
    dialect: 'sqlite',
    handle,
    readOnly: () => Promise.resolve(sqlite(open, file, { drop: () => Promise.resolve() }, true)),
    run: (sql) => Promise.resolve(handle.exec(sql)),
    end: () => Promise.resolve(void handle.close()),
    ...ends,
  };
}

async function ofSqlite(open: NonNullable<(typeof SQLITE_HANDLES)[string]>): Promise<Application> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-session-sql-'));
  return sqlite(open, join(folder, 'sessions.db'), { drop: () => rm(folder, { recursive: true }) });
}

/** Opens an application of each kind that this machine has. */
export const APPLICATIONS: Readonly<Record<string, (() => Promise<Application>) | undefined>> = {
  async postgres() {
    const database = await createDatabase();
    return postgres(database.url, { drop: () => database.drop() });
  },
  mysql:
    MYSQL_URL === undefined
      ? undefined
      : async () => {
          const database = await createMysqlDatabase();
          return mysqlPool(database.url, { drop: () => database.drop() });
        },
  ...Object.fromEntries(
    Object.entries(SQLITE_HANDLES).map(([name, open]) => [name, open && (() => ofSqlite(open))]),
  ),
};
