export {
  CreateSessionTable,
  CreateSessionTable as CreateSessionTable1763712000000,
} from './create-session-table.migration.js';
export { SessionEntity } from './session.entity.js';
export { TypeOrmSessionStore, type TypeOrmSessionStoreOptions } from './typeorm-session.store.js';
export { typeOrmStore, type TypeOrmStoreOptions } from './typeorm-store.js';
