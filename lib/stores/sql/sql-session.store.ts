import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { DatabaseSessionStore, type DatabaseSessionStoreOptions } from './database-session.store.js';
import type { SqlDialect } from './sql-dialect.js';
import { type OpenedHandle, openHandle, SCHEMAS, type SqlHandle } from './sql-handle.js';
import { namesOf } from './sql-names.js';

/** Options of a {@link SqlSessionStore}. */
export interface SqlSessionStoreOptions extends DatabaseSessionStoreOptions {
  /**
   * The name of the table, or schema and table with a dot between (`'auth.sessions'`).
   *
   * @defaultValue `'nest_session'`
   */
  readonly table?: string;
}

/**
 * Keeps sessions in PostgreSQL, MySQL, MariaDB or SQLite, through a handle of the application: a `Pool` of `pg`, a pool
 * of `mysql2` (with callbacks or promises), a database of `better-sqlite3`, or a `DatabaseSync` of `node:sqlite`. The
 * store never closes it.
 *
 * {@link sessionTable} returns the SQL of the table.
 *
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * await pool.query(sessionTable('postgres'));
 * const store = new SqlSessionStore(pool);
 * ```
 */
export class SqlSessionStore extends DatabaseSessionStore {
  protected override readonly dialect: SqlDialect;
  readonly #handle: OpenedHandle;

  /** @throws SessionOptionsError if `handle` is not one of these handles, or an option is wrong. */
  constructor(handle: SqlHandle, options: SqlSessionStoreOptions = {}) {
    super(options, ['table', 'pruneInterval']);
    this.#handle = openHandle(handle);
    const { quote } = SCHEMAS[this.#handle.dialect];
    this.dialect = this.#handle.connect(namesOf(quote, 'SqlSessionStore', options.table));
  }

  /** @throws SessionOptionsError also if the handle is closed. If it is closed later, store calls fail. */
  override async start(): Promise<void> {
    if (this.#handle.isClosed()) throw new SessionOptionsError(messages.sqlClosed);
    await super.start();
  }

  protected override howToCreate({ names, schema }: SqlDialect): string {
    return messages.createByStatement(this.#handle.dialect, schema.create(names));
  }
}
