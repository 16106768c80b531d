/** Runs one statement in one round trip and returns its rows. */
export type RunSql = <Row>(sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>;

/** Runs statements that take effect together, or not at all. `work` may run again, where they gave way to others. */
export type RunTransaction = <Result>(work: (run: RunSql) => Promise<Result>) => Promise<Result>;

/**
 * The way to a database, one class per driver. A statement is committed when `run` resolves, and none becomes part of a
 * transaction of the application.
 */
export interface SqlConnection {
  readonly run: RunSql;
}

/** A connection with its own transactions, for a database that cannot do everything in one statement (MySQL). */
export interface TransactionalConnection extends SqlConnection {
  readonly transaction: RunTransaction;
}
