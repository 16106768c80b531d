export { sessionTable, type SessionTableOptions } from './create-table.js';
export type { DatabaseSessionStoreOptions } from './database-session.store.js';
export type {
  BetterSqlite3Handle,
  MysqlPoolHandle,
  MysqlPromisePoolHandle,
  NodeSqliteHandle,
  PgPoolHandle,
  SqlDialectName,
  SqlHandle,
} from './sql-handle.js';
export { SqlSessionStore, type SqlSessionStoreOptions } from './sql-session.store.js';
export { sqlStore, type SqlStoreOptions } from './sql-store.js';
