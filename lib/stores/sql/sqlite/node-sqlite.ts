import { isRead } from './sqlite-text.js';
import type { SqliteDatabase } from './sqlite.connection.js';

/** The part of `node:sqlite`'s `DatabaseSync` that statements go through. */
export interface NodeSqliteDatabase {
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): NodeSqliteStatement;
}

interface NodeSqliteStatement {
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): object;
  setReadBigInts(enabled: boolean): unknown;
  /** Node.js 22.16 and 24. */
  setReturnArrays?(enabled: boolean): unknown;
}

/** A `DatabaseSync` of `node:sqlite`. */
export class NodeSqlite implements SqliteDatabase {
  readonly #database: NodeSqliteDatabase;
  readonly #prepared = new Map<string, NodeSqliteStatement>();

  constructor(database: NodeSqliteDatabase) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** As with `better-sqlite3`, SQLite must not wait for another process in the thread that everything else runs in. */
  send(sql: string, parameters: readonly unknown[]): unknown[] {
    const timeout = this.#timeout();
    if (timeout > 0) this.#database.exec('PRAGMA busy_timeout = 0');
    try {
      return this.#run(sql, parameters);
    } finally {
      if (timeout > 0) this.#database.exec(`PRAGMA busy_timeout = ${timeout}`);
    }
  }

  #timeout(): number {
    const [row] = this.#run('PRAGMA busy_timeout', []) as [{ timeout: number | bigint }];
    return Number(row.timeout);
  }

  #run(sql: string, parameters: readonly unknown[]): unknown[] {
    try {
      return this.#send(sql, parameters);
    } catch (error) {
      // The database was closed and opened again, which ends everything that was prepared.
      if ((error as { code?: unknown }).code !== 'ERR_INVALID_STATE' || !this.#prepared.has(sql)) throw error;
      this.#prepared.clear();
      return this.#send(sql, parameters);
    }
  }

  #send(sql: string, parameters: readonly unknown[]): unknown[] {
    const statement = this.#statement(sql);
    return isRead(sql) ? statement.all(...parameters) : [statement.run(...parameters)];
  }

  /** Answers come as rows of plain values, whatever the application has set. A number too large for one is no error. */
  #statement(sql: string): NodeSqliteStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays?.(false);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
