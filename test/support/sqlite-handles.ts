import { createRequire } from 'node:module';
import type { BetterSqlite3Handle, NodeSqliteHandle } from '../../lib/stores/sql/sql-handle.js';
import { findResource } from './resources/find.js';

/** A database of SQLite as an application opens it. */
export type SqliteHandle = (BetterSqlite3Handle | NodeSqliteHandle) & {
  exec(sql: string): unknown;
  close(): unknown;
};

type Open<Handle> = new (path: string, options?: object) => Handle;

const place = await findResource('better-sqlite3');

/** `node:sqlite`, where Node.js has one that says whether a transaction is open (22.16 or later). */
function nodeSqlite(): Open<NodeSqliteHandle & SqliteHandle> | undefined {
  const sqlite = process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown as
    { DatabaseSync: Open<NodeSqliteHandle & SqliteHandle> } | undefined;
  return sqlite?.DatabaseSync;
}

export const NodeSqliteDatabase = nodeSqlite();

export const BetterSqlite3Database = place
  ? (createRequire(import.meta.url)(place) as Open<BetterSqlite3Handle & SqliteHandle>)
  : undefined;

/** Each way to open a database of SQLite that this machine has. Node.js 20 has no `node:sqlite`. */
export const SQLITE_HANDLES: Readonly<Record<string, ((path: string) => SqliteHandle) | undefined>> = {
  'better-sqlite3': BetterSqlite3Database && ((path) => new BetterSqlite3Database(path)),
  ...(NodeSqliteDatabase && { 'node:sqlite': (path: string) => new NodeSqliteDatabase(path) }),
};
