import { show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { type Column, SESSION_TABLE, TABLE } from './session-table.js';

/** The names of the session table and of its columns. */
export interface SqlNames {
  /** The schema (if one is named) and the table, not quoted. */
  readonly path: readonly string[];
  /** The table, quoted for SQL. */
  readonly table: string;
  /** A column, quoted for SQL. */
  readonly column: (property: Column) => string;
}

/** Longer names leave no room for those of the indexes: PostgreSQL cuts off names after 63 bytes. */
const LONGEST_NAME = 50;

/**
 * The names for a table that the application has named.
 *
 * @param store - Who was given the name, for the error.
 * @param table - The name of the table, or the names of schema and table with a dot between.
 * @throws SessionOptionsError for a name that is empty, too long or no text.
 */
export function namesOf(quote: (name: string) => string, store: string, table: string = TABLE): SqlNames {
  const path = typeof table === 'string' ? table.split('.') : [];
  const isName = (name: string): boolean =>
    name !== '' && Buffer.byteLength(name) <= LONGEST_NAME && !name.includes('\0');
  if (path.length < 1 || path.length > 2 || !path.every(isName))
    throw new SessionOptionsError(messages.sqlTable(store, show(table), LONGEST_NAME));
  return {
    path,
    table: path.map(quote).join('.'),
    column: (property) => quote(SESSION_TABLE[property].name),
  };
}

/** The name of the index on a column, not quoted. */
export function indexName({ path }: SqlNames, column: Column): string {
  return `${path.at(-1)}_${SESSION_TABLE[column].name}`;
}
