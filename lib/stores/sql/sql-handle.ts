import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { MysqlConnection, type MysqlPoolConnection } from './mysql/mysql.connection.js';
import { MysqlDialect } from './mysql/mysql.dialect.js';
import { mysqlSchema } from './mysql/mysql.schema.js';
import { type PgPool, PostgresConnection } from './postgres/postgres.connection.js';
import { PostgresDialect } from './postgres/postgres.dialect.js';
import { postgresSchema } from './postgres/postgres.schema.js';
import type { SqlDialect } from './sql-dialect.js';
import type { SqlNames } from './sql-names.js';
import { BetterSqlite3, type BetterSqlite3Database } from './sqlite/better-sqlite3.js';
import { NodeSqlite, type NodeSqliteDatabase } from './sqlite/node-sqlite.js';
import { SqliteConnection, type SqliteDatabase } from './sqlite/sqlite.connection.js';
import { SqliteDialect } from './sqlite/sqlite.dialect.js';
import { sqliteSchema } from './sqlite/sqlite.schema.js';
import type { TableSchema } from './table-schema.js';

/** What is used of a `Pool` of `pg`. */
interface PgPoolHandle extends PgPool {
  readonly totalCount: number;
  /** From the call of `end()` on. */
  readonly ending?: boolean | undefined;
}

/** What is used of a pool of `mysql2`, `createPool()`. */
interface MysqlPoolHandle {
  getConnection(done: (error: Error | null, connection: unknown) => unknown): unknown;
  promise(): unknown;
}

/** What is used of a pool of `mysql2/promise`, `createPool()`. */
interface MysqlPromisePoolHandle {
  readonly pool: MysqlPoolHandle;
  getConnection(): Promise<unknown>;
}

/** What is used of a database of `better-sqlite3`. */
export interface BetterSqlite3Handle extends BetterSqlite3Database {
  readonly open: boolean;
}

/** What is used of `node:sqlite`'s `DatabaseSync`. */
export interface NodeSqliteHandle extends NodeSqliteDatabase {}

/** A way to a database that {@link SqlSessionStore} works with. */
export type SqlHandle =
  PgPoolHandle | MysqlPoolHandle | MysqlPromisePoolHandle | BetterSqlite3Handle | NodeSqliteHandle;

/** The names of the dialects. MariaDB is `'mysql'`. */
export type SqlDialectName = 'postgres' | 'mysql' | 'sqlite';

/** How each dialect writes the session table. */
export const SCHEMAS: Readonly<Record<SqlDialectName, TableSchema>> = {
  postgres: postgresSchema,
  mysql: mysqlSchema,
  sqlite: sqliteSchema,
};

/** A handle whose kind is known. */
export interface OpenedHandle {
  readonly dialect: SqlDialectName;
  isClosed(): boolean;
  connect(names: SqlNames): SqlDialect;
}

/** Tells handles apart by their members. @throws SessionOptionsError for any other value. */
export function openHandle(handle: unknown): OpenedHandle {
  if (isPgPool(handle)) {
    return {
      dialect: 'postgres',
      isClosed: () => handle.ending === true,
      connect: (names) => new PostgresDialect(new PostgresConnection(() => handle), names),
    };
  }
  if (isMysqlPool(handle)) return mysql(handle);
  if (isMysqlPromisePool(handle)) return mysql(handle.pool);
  if (isBetterSqlite3(handle)) return sqlite(() => handle.open, new BetterSqlite3(handle));
  if (isNodeSqlite(handle)) return sqlite(() => handle.isOpen, new NodeSqlite(handle));
  throw new SessionOptionsError(messages.sqlHandle(describe(handle)));
}

function mysql(pool: MysqlPoolHandle): OpenedHandle {
  const obtain = (): Promise<MysqlPoolConnection> =>
    new Promise((resolve, reject) => {
      pool.getConnection((error, connection) => {
        if (error) reject(error);
        else resolve(connection as MysqlPoolConnection);
      });
    });
  return {
    dialect: 'mysql',
    isClosed: () => (pool as { _closed?: unknown })._closed === true,
    connect: (names) => new MysqlDialect(new MysqlConnection(obtain), names),
  };
}

function sqlite(isOpen: () => boolean, database: SqliteDatabase): OpenedHandle {
  const opened = (): SqliteDatabase => {
    if (!isOpen()) throw new StoreFault(messages.sqlGone);
    return database;
  };
  return {
    dialect: 'sqlite',
    isClosed: () => !isOpen(),
    connect: (names) => new SqliteDialect(new SqliteConnection(opened), names),
  };
}

type Members<T> = { readonly [Name in keyof T]?: unknown };

function membersOf<T>(handle: unknown): Members<T> {
  return typeof handle === 'object' && handle !== null ? handle : {};
}

/** A `Client` of `pg` has no count. */
function isPgPool(handle: unknown): handle is PgPoolHandle {
  const { query, totalCount, options } = membersOf<PgPoolHandle>(handle);
  return typeof query === 'function' && typeof totalCount === 'number' && typeof options === 'object';
}

/** A cluster of pools, which may lead to a replica, has no `promise()`, nor has a pool of the package `mysql`. */
function isMysqlPool(handle: unknown): handle is MysqlPoolHandle {
  const { getConnection, promise } = membersOf<MysqlPoolHandle>(handle);
  return typeof getConnection === 'function' && typeof promise === 'function';
}

function isMysqlPromisePool(handle: unknown): handle is MysqlPromisePoolHandle {
  const { getConnection, pool } = membersOf<MysqlPromisePoolHandle>(handle);
  return typeof getConnection === 'function' && isMysqlPool(pool);
}

function isBetterSqlite3(handle: unknown): handle is BetterSqlite3Handle {
  const { prepare, pragma, open } = membersOf<BetterSqlite3Handle>(handle);
  return typeof prepare === 'function' && typeof pragma === 'function' && typeof open === 'boolean';
}

/** Reading `isTransaction` of a closed database throws. */
function isNodeSqlite(handle: unknown): handle is NodeSqliteHandle {
  const members = membersOf<NodeSqliteHandle>(handle);
  return (
    typeof members.prepare === 'function' && typeof members.isOpen === 'boolean' && 'isTransaction' in members
  );
}
