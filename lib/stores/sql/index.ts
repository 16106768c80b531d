export { sessionTable, type SessionTableOptions } from './create-table.js';
export { SqlSessionStore, type SqlSessionStoreOptions } from './sql-session.store.js';
export { sqlStore, type SqlStoreOptions } from './sql-store.js';
