export { sessionTable, type SessionTableOptions } from './create-table.js';
export type { SqlDialectName, SqlHandle } from './sql-handle.js';
export { SqlSessionStore, type SqlSessionStoreOptions } from './sql-session.store.js';
export { sqlStore, type SqlStoreOptions } from './sql-store.js';
