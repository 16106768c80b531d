import type { RunSql } from '../sql-connection.js';

/** A statement that is being put together with its values, of which there are as many as there are sessions. */
export class MysqlStatement {
  readonly #values: (Buffer | number)[] = [];

  /**
   * The place of the next value in the statement. Texts go as bytes, which `mysql2` writes in hexadecimal: neither
   * the connection's character set nor its `sql_mode` (NO_BACKSLASH_ESCAPES) can make something else of them.
   */
  put(value: string | number | null): string {
    if (value === null) return 'NULL';
    this.#values.push(typeof value === 'string' ? Buffer.from(value) : value);
    return typeof value === 'string' ? '_utf8mb4 ?' : '?';
  }

  /** The places of several. */
  all(values: readonly (string | number | null)[]): string {
    return values.map((value) => this.put(value)).join(', ');
  }

  run<Row>(run: RunSql, sql: string): Promise<readonly Row[]> {
    return run<Row>(sql, this.#values);
  }
}
