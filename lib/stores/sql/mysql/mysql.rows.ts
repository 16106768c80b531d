import type { SessionChange, SessionRecord } from '../../../core/record/session-record.js';
import { MysqlStatement } from './mysql.statement.js';
import { type Column, COLUMNS, SUMMARY } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import type { SqlNames } from '../sql-names.js';

/** What is asked of rows that are to be written. */
const ROW = [
  'key',
  'version',
  'userId',
  'reference',
  'createdAt',
  'expiresAt',
] as const satisfies readonly Column[];
export type Row = Pick<SessionRecord, (typeof ROW)[number]>;

export const WAITING = 'FOR UPDATE';
export const SKIPPING = 'FOR UPDATE SKIP LOCKED';
export type Lock = typeof WAITING | typeof SKIPPING;

/**
 * Sessions in one statement: far below what fits into a packet, and below what makes MySQL give up the index for an IN
 * (`range_optimizer_max_mem_size`). It would read the whole table, and so lock, or wait for, rows of other visitors.
 */
const MAX_SESSIONS = 500;

/**
 * The rows of the session table in MySQL and MariaDB.
 *
 * Rows are locked by their primary key alone, whatever they were found by. The statements force the optimizer to use it:
 * in a small table it would rather look at every row, and so lock, or wait for, those of other visitors.
 */
export class MysqlRows {
  /** The beginnings of statements that look rows up. */
  readonly select: Readonly<Record<'record' | 'row' | 'summary', string>>;
  readonly #names: SqlNames;

  constructor(names: SqlNames) {
    this.#names = names;
    const select = (columns: readonly Column[]): string =>
      `SELECT ${columns.map((name) => `${names.column(name)} AS \`${name}\``).join(', ')}
FROM ${names.table}`;
    this.select = { record: select(COLUMNS), row: select(ROW), summary: select(SUMMARY) };
  }

  /**
   * The rows with these keys, and any whose key differs only in blanks at the end, which MySQL ignores in comparisons.
   * They are locked in the order of the keys, so that two calls wait for each other in one direction only.
   */
  async of<Found extends Row>(
    run: RunSql,
    what: 'record' | 'row',
    keys: readonly string[],
    lock?: Lock,
  ): Promise<readonly Found[]> {
    const found: Found[] = [];
    for (const some of portionsOf(lock === WAITING ? [...keys].sort() : keys)) {
      const find = new MysqlStatement();
      const sql = `${this.select[what]} FORCE INDEX (PRIMARY)
WHERE ${this.#names.column('key')} IN (${find.all(some)})
${lock ?? ''}`;
      found.push(...(await find.run<Found>(run, sql)));
    }
    return found;
  }

  /** A condition: a column has exactly this value. */
  is(statement: MysqlStatement, column: Column, value: string): string {
    const name = this.#names.column(column);
    const length = Buffer.byteLength(value);
    return `${name} = ${statement.put(value)} AND OCTET_LENGTH(${name}) = ${statement.put(length)}`;
  }

  /** Writes columns of rows that are locked. */
  async write(run: RunSql, changes: readonly SessionChange[], columns: readonly Column[]): Promise<void> {
    const { table, column } = this.#names;
    const assignments = columns.map((name) => `s.${column(name)} = c.\`${name}\``);
    for (const some of portionsOf(changes)) {
      const update = new MysqlStatement();
      const rows = some.map(({ key, next }) => {
        // In the order in which the statement names them.
        const values = [keyColumn(update, key)];
        for (const name of columns) values.push(`${update.put(next[name])} AS \`${name}\``);
        return `SELECT ${values.join(', ')}`;
      });
      await update.run(
        run,
        `UPDATE (
  ${rows.join('\n  UNION ALL ')}
) AS c
STRAIGHT_JOIN ${table} AS s FORCE INDEX (PRIMARY) ON s.${column('key')} = c.locked_key
SET ${assignments.join(', ')}`,
      );
    }
  }

  /** Deletes rows that are locked. */
  async remove(run: RunSql, keys: readonly string[]): Promise<void> {
    const { table, column } = this.#names;
    for (const some of portionsOf(keys)) {
      const remove = new MysqlStatement();
      const rows = some.map((key) => `SELECT ${keyColumn(remove, key)}`);
      // MariaDB would go through all rows for an IN, even with FORCE INDEX. It makes a join row by row.
      await remove.run(
        run,
        `DELETE s
FROM (
  ${rows.join('\n  UNION ALL ')}
) AS c
STRAIGHT_JOIN ${table} AS s FORCE INDEX (PRIMARY) ON s.${column('key')} = c.locked_key`,
      );
    }
  }
}

/** The parameter for a key, as a column to join with. */
function keyColumn(statement: MysqlStatement, key: string): string {
  return `${statement.put(key)} COLLATE utf8mb4_bin AS locked_key`;
}

function* portionsOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += MAX_SESSIONS) yield items.slice(at, at + MAX_SESSIONS);
}
