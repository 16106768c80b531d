import type { DataSource } from 'typeorm';
import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type {
  PrunableSessionStore,
  SessionStore,
  StoreOutcome,
  UserSessionStore,
} from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { DATABASES, type SqlDatabase } from './open-database.js';
import { SessionEntity } from './session.entity.js';
import { requireTypeOrm } from './typeorm-version.js';

/** Options of a {@link TypeOrmSessionStore}. */
export interface TypeOrmSessionStoreOptions {
  /**
   * Milliseconds between two removals of expired rows (each jittered by half), or `false` for none.
   *
   * @defaultValue 600 000 (ten minutes)
   */
  readonly pruneInterval?: number | false;
}

/**
 * Keeps sessions in a database through the application's TypeORM `DataSource`, whose `entities` must hold
 * {@link SessionEntity}. Supports PostgreSQL (`pg`), MySQL and MariaDB (`mysql2`), and SQLite (`better-sqlite3`, `sql.js`).
 *
 * TypeORM gives connections, metadata and schema; the statements are the store's own and go straight to the driver, so
 * that TypeORM's query log never sees session data.
 *
 * @example
 * ```ts
 * const store = new TypeOrmSessionStore(dataSource);
 * ```
 */
export class TypeOrmSessionStore implements SessionStore, UserSessionStore, PrunableSessionStore {
  readonly capabilities = ['users', 'prune'] as const;
  readonly pruneInterval: number | false | undefined;
  readonly #dataSource: DataSource;
  #opened: SqlDatabase | undefined;

  /**
   * @throws SessionOptionsError when `pruneInterval` is wrong, TypeORM is too old, the driver is not supported, or (on first use) the
   * entity is not one of the `DataSource`'s.
   */
  constructor(dataSource: DataSource, options: TypeOrmSessionStoreOptions = {}) {
    refuseUnknownOptions('TypeOrmSessionStore', options, ['pruneInterval']);
    requireTypeOrm();
    const { pruneInterval } = options;
    const { type } = dataSource.options;
    if (type === 'cockroachdb') throw new SessionOptionsError(messages.cockroachUntried);
    if (!DATABASES.has(type)) throw new SessionOptionsError(messages.driverUnsupported(type));
    if (
      pruneInterval !== undefined &&
      pruneInterval !== false &&
      !(Number.isFinite(pruneInterval) && pruneInterval > 0)
    ) {
      throw new SessionOptionsError(messages.pruneInterval(String(pruneInterval)));
    }
    this.pruneInterval = pruneInterval;
    this.#dataSource = dataSource;
  }

  /** Checks that the table is there. @throws SessionOptionsError that says how to get it. */
  async start(): Promise<void> {
    const { dialect, run } = this.#database;
    try {
      await dialect.probe(run);
    } catch (error) {
      if (!dialect.isTableMissing(error)) throw error;
      const { tablePath } = this.#dataSource.getMetadata(SessionEntity);
      throw new SessionOptionsError(messages.tableMissing(tablePath), { cause: error });
    }
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const { dialect, run } = this.#database;
    return dialect.read(run, keys);
  }

  async create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const { dialect, run } = this.#database;
    return dialect.create(run, records);
  }

  async update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const { dialect, run } = this.#database;
    return dialect.update(run, changes);
  }

  async delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    const { dialect, run } = this.#database;
    return dialect.delete(run, keys);
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    const { dialect, run } = this.#database;
    return dialect.findByUser(run, userId, now);
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    const { dialect, run } = this.#database;
    return dialect.count(run, userId, now);
  }

  async deleteOwned(userId: string, keys: readonly string[], createdUntil?: number): Promise<StoreOutcome[]> {
    const { dialect, run } = this.#database;
    return dialect.deleteOwned(run, keys, userId, createdUntil);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const { dialect, run } = this.#database;
    return dialect.deleteByUser(run, userId, except);
  }

  async deleteAll(): Promise<number> {
    const { dialect, run } = this.#database;
    return dialect.deleteAll(run);
  }

  async prune(now: number, limit: number): Promise<number> {
    const { dialect, run } = this.#database;
    return dialect.prune(run, now, limit);
  }

  /**
   * Put together on first use: before, the `DataSource` may not know its entities yet. A `DataSource` that was never open
   * is a wrong option; one that is closed later is an outage.
   */
  get #database(): SqlDatabase {
    const dataSource = this.#dataSource;
    if (this.#opened !== undefined) {
      if (!dataSource.isInitialized) throw new Error(messages.dataSourceGone);
      return this.#opened;
    }
    if (!dataSource.isInitialized) throw new SessionOptionsError(messages.dataSourceClosed);
    if (!dataSource.hasMetadata(SessionEntity)) throw new SessionOptionsError(messages.entityMissing);
    const metadata = dataSource.getMetadata(SessionEntity);
    const quote = (name: string): string => dataSource.driver.escape(name);
    return (this.#opened = DATABASES.get(dataSource.options.type)!(dataSource, {
      table: metadata.tablePath.split('.').map(quote).join('.'),
      column: (property) => quote(metadata.findColumnWithPropertyName(property)!.databaseName),
    }));
  }
}
