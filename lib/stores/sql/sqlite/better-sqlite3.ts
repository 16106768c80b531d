import type { SqliteDatabase } from './sqlite.connection.js';

/** The part of a database of `better-sqlite3` that statements go through. */
export interface BetterSqlite3Database {
  readonly inTransaction: boolean;
  prepare(sql: string): PreparedStatement;
  pragma(sql: string, options?: { simple: boolean }): unknown;
}

interface PreparedStatement {
  readonly reader: boolean;
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number };
}

/** A database of `better-sqlite3`. */
export class BetterSqlite3 implements SqliteDatabase {
  readonly #database: BetterSqlite3Database;
  readonly #prepared = new Map<string, PreparedStatement>();

  constructor(database: BetterSqlite3Database) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /**
   * SQLite would wait by itself for another process that writes (the driver's `timeout`), but in the thread that everything
   * else runs in: so it does not wait while the statement runs, which nothing can come between.
   */
  send(sql: string, parameters: readonly unknown[]): unknown[] {
    const timeout = Number(this.#database.pragma('busy_timeout', { simple: true }));
    this.#database.pragma('busy_timeout = 0');
    try {
      const statement = this.#statement(sql);
      return statement.reader ? statement.all(...parameters) : [statement.run(...parameters)];
    } finally {
      this.#database.pragma(`busy_timeout = ${timeout}`);
    }
  }

  #statement(sql: string): PreparedStatement {
    const statement = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
