import { show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { SCHEMAS, type SqlDialectName } from './sql-handle.js';
import { namesOf } from './sql-names.js';

/** Options of {@link sessionTable}. */
export interface SessionTableOptions {
  /**
   * The name of the table, or schema and table with a dot between (`'auth.sessions'`). The schema must exist.
   *
   * @defaultValue `'nest_session'`
   */
  readonly table?: string;
}

/**
 * The SQL that creates the session table and its indexes, unless they exist. Put it into a migration of any tool.
 *
 * Statements are separated by a semicolon at the end of a line. For MySQL and MariaDB it is a single statement.
 *
 * @throws SessionOptionsError for another dialect, or a name that no table can have.
 *
 * @example
 * ```ts
 * await pool.query(sessionTable('postgres'));
 * ```
 */
export function sessionTable(dialect: SqlDialectName, { table }: SessionTableOptions = {}): string {
  if (!Object.hasOwn(SCHEMAS, dialect)) throw new SessionOptionsError(messages.sqlDialect(show(dialect)));
  const schema = SCHEMAS[dialect];
  return schema.create(namesOf(schema.quote, 'sessionTable()', table));
}
