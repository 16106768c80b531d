import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import { MysqlStatement } from './mysql.statement.js';
import { COLUMNS, SUMMARY } from './session-row.js';
import type { Column, RunSql, SqlNames } from './sql-dialect.js';

/** What is asked of rows that are to be written. */
const ROW = ['key', 'previousKey', 'version', 'userId', 'expiresAt'] as const satisfies readonly Column[];
export type Row = Pick<SessionRecord, (typeof ROW)[number]>;

export const WAITING = 'FOR UPDATE';
export const SKIPPING = 'FOR UPDATE SKIP LOCKED';

/**
 * The rows of the session table in MySQL and MariaDB.
 *
 * Rows are locked by their primary key alone, whatever they were found by, and it is forced upon the optimizer: in a small
 * table it would rather look at every row, and so lock, or wait for, those of other visitors.
 */
export class MysqlRows {
  /** The beginnings of statements that look rows up. */
  readonly select: Readonly<Record<'record' | 'row' | 'summary', string>>;
  readonly #names: SqlNames;

  constructor(names: SqlNames) {
    this.#names = names;
    const select = (columns: readonly Column[]): string =>
      `SELECT ${columns.map((name) => `${names.column(name)} AS \`${name}\``).join(', ')} FROM ${names.table}`;
    this.select = { record: select(COLUMNS), row: select(ROW), summary: select(SUMMARY) };
  }

  /** Those rows of which a column is one of the values, or one but for blanks at the end, which MySQL takes for nothing. */
  of<Found extends Row>(
    run: RunSql,
    what: 'record' | 'row',
    column: 'key' | 'previousKey',
    values: readonly string[],
    lock = '',
  ): Promise<readonly Found[]> {
    if (values.length === 0) return Promise.resolve([]);
    const find = new MysqlStatement();
    const index = column === 'key' ? 'FORCE INDEX (PRIMARY)' : '';
    const where = `${this.#names.column(column)} IN (${find.all(values)})`;
    return find.run<Found>(run, `${this.select[what]} ${index} WHERE ${where} ${lock}`);
  }

  /** That a column is the value, exactly. */
  is(statement: MysqlStatement, column: Column, value: string): string {
    const name = this.#names.column(column);
    const length = Buffer.byteLength(value);
    return `${name} = ${statement.put(value)} AND OCTET_LENGTH(${name}) = ${statement.put(length)}`;
  }

  /** Writes columns of rows that are locked. */
  async write(run: RunSql, changes: readonly SessionChange[], columns: readonly Column[]): Promise<void> {
    if (changes.length === 0) return;
    const { table, column } = this.#names;
    const update = new MysqlStatement();
    const values = (next: SessionRecord): string =>
      columns.map((name) => `${update.put(next[name])} AS \`${name}\``).join(', ');
    const rows = changes.map(({ key, next }) => `SELECT ${keyColumn(update, key)}, ${values(next)}`);
    const assignments = columns.map((name) => `s.${column(name)} = c.\`${name}\``).join(', ');
    await update.run(
      run,
      `UPDATE (${rows.join(' UNION ALL ')}) AS c STRAIGHT_JOIN ${table} AS s FORCE INDEX (PRIMARY) ON s.${column('key')} = c.old_key SET ${assignments}`,
    );
  }

  /** Removes rows that are locked. */
  async remove(run: RunSql, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const { table, column } = this.#names;
    const remove = new MysqlStatement();
    const keys = rows.map(({ key }) => `SELECT ${keyColumn(remove, key)}`).join(' UNION ALL ');
    await remove.run(
      run,
      // MariaDB would go through all rows for an IN, even with FORCE INDEX; a join it makes row by row.
      `DELETE s FROM (${keys}) AS c STRAIGHT_JOIN ${table} AS s FORCE INDEX (PRIMARY) ON s.${column('key')} = c.old_key`,
    );
  }
}

/** A key as a column to join with. */
function keyColumn(statement: MysqlStatement, key: string): string {
  return `${statement.put(key)} COLLATE utf8mb4_bin AS old_key`;
}
