import type { DataSource } from 'typeorm';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { DatabaseSessionStore, type DatabaseSessionStoreOptions } from '../sql/database-session.store.js';
import type { SqlDialect } from '../sql/sql-dialect.js';
import { DATABASES } from './data-source.js';
import { SessionEntity } from './session.entity.js';
import { requireTypeOrm } from './typeorm-version.js';

/** Options of a {@link TypeOrmSessionStore}. */
export interface TypeOrmSessionStoreOptions extends DatabaseSessionStoreOptions {}

/**
 * Keeps sessions in a database through the application's TypeORM `DataSource`, whose `entities` must contain {@link
 * SessionEntity}. Supports PostgreSQL (`pg`), MySQL and MariaDB (`mysql2`), and SQLite (`better-sqlite3`, `sql.js`).
 *
 * TypeORM provides connections, metadata and schema. The store sends its own statements directly to the driver, so that
 * TypeORM's query log never contains session data.
 *
 * @example
 * ```ts
 * const store = new TypeOrmSessionStore(dataSource);
 * ```
 */
export class TypeOrmSessionStore extends DatabaseSessionStore {
  readonly #dataSource: DataSource;
  #opened: SqlDialect | undefined;

  /**
   * @throws SessionOptionsError if `pruneInterval` is wrong, TypeORM is too old, the driver is not supported, or (on first use)
   * the entity is missing from the `DataSource`.
   */
  constructor(dataSource: DataSource, options: TypeOrmSessionStoreOptions = {}) {
    super(options, ['pruneInterval']);
    requireTypeOrm();
    const { type } = dataSource.options;
    if (type === 'cockroachdb')
      throw new SessionOptionsError(messages.serverUntried('CockroachDB', 'PostgreSQL'));
    if (!DATABASES.has(type)) throw new SessionOptionsError(messages.driverUnsupported(type));
    this.#dataSource = dataSource;
  }

  /**
   * Put together on first use: before, the `DataSource` may not know its entities yet. A `DataSource` that was never open
   * is a wrong option; one that is closed later is an outage.
   */
  protected override get dialect(): SqlDialect {
    if (this.#opened !== undefined) return this.#opened;
    const dataSource = this.#dataSource;
    if (!dataSource.isInitialized) throw new SessionOptionsError(messages.dataSourceClosed);
    if (!dataSource.hasMetadata(SessionEntity)) throw new SessionOptionsError(messages.entityMissing);
    const metadata = dataSource.getMetadata(SessionEntity);
    const quote = (name: string): string => dataSource.driver.escape(name);
    const path = metadata.tablePath.split('.');
    return (this.#opened = DATABASES.get(dataSource.options.type)!(dataSource, {
      path,
      table: path.map(quote).join('.'),
      column: (property) => quote(metadata.findColumnWithPropertyName(property)!.databaseName),
    }));
  }

  protected override howToCreate(): string {
    return messages.createByMigration;
  }
}
