import type { RunSql, RunTransaction, TransactionalConnection } from '../sql-connection.js';

/** Errors after which all is tried again: a deadlock, a wait for a lock that took too long, a row that has changed (MariaDB). */
const GAVE_WAY: ReadonlySet<unknown> = new Set([1213, 1205, 1020]);
const TRIES = 5;

/** Errors of a server, or a transaction, that only reads. */
export const READ_ONLY: ReadonlySet<unknown> = new Set([1290, 1792, 1836]);

/**
 * Milliseconds after which a statement is given up together with its connection: one that leads nowhere, as after a
 * failover, would be kept for as long as the operating system is patient.
 */
const QUERY_TIMEOUT = 10_000;

/** The part of a connection of a `mysql2` pool that statements go through. */
export interface MysqlPoolConnection {
  query(
    options: { sql: string; values: unknown[]; timeout: number } & typeof AS_USUAL,
    done: (error: Error | null, result: unknown) => void,
  ): unknown;
  release(): void;
  destroy(): void;
}

/** Answers come as rows of plain values, whatever the application has its own statements answered with. */
const AS_USUAL = { typeCast: true, rowsAsArray: false, nestTables: false, namedPlaceholders: false };

interface ServerError {
  readonly errno?: unknown;
  readonly sqlState?: unknown;
}

/** Statements to MySQL or MariaDB, each on a connection out of the application's pool. */
export class MysqlConnection implements TransactionalConnection {
  readonly #obtain: () => Promise<MysqlPoolConnection>;

  /** @param obtain - Takes a connection to a writable server out of the pool. */
  constructor(obtain: () => Promise<MysqlPoolConnection>) {
    this.#obtain = obtain;
  }

  readonly run: RunSql = (sql, parameters) => this.#use((run) => run(sql, parameters));

  /**
   * What is locked in it, is locked row by row (READ COMMITTED): REPEATABLE READ would lock the gaps between rows as
   * well, and with them new sessions of other visitors. It is asked for each time, as connections are the application's.
   */
  readonly transaction: RunTransaction = (work) =>
    this.#use(async (run, isBroken) => {
      await run('SET TRANSACTION ISOLATION LEVEL READ COMMITTED', []);
      await run('START TRANSACTION', []);
      try {
        const result = await work(run);
        await run('COMMIT', []);
        return result;
      } catch (error) {
        if (!isBroken()) await run('ROLLBACK', []).catch(() => undefined); // it is broken now, and thrown away
        throw error;
      }
    });

  async #use<Result>(work: (run: RunSql, isBroken: () => boolean) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const connection = await this.#obtain();
      let isBroken = false;
      const run: RunSql = async <Row>(sql: string, parameters: readonly unknown[]) => {
        try {
          return await send<Row>(connection, sql, parameters);
        } catch (error) {
          isBroken ||= breaks(error);
          throw error;
        }
      };
      try {
        return await work(run, () => isBroken);
      } catch (error) {
        if (tries < TRIES && GAVE_WAY.has((error as ServerError).errno)) continue;
        throw error;
      } finally {
        if (isBroken) connection.destroy();
        else connection.release();
      }
    }
  }
}

function send<Row>(
  connection: MysqlPoolConnection,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const options = { sql, values: [...parameters], timeout: QUERY_TIMEOUT, ...AS_USUAL };
  return new Promise((resolve, reject) => {
    connection.query(options, (error, result) => {
      if (error !== null) reject(error);
      else resolve((Array.isArray(result) ? result : [result]) as Row[]);
    });
  });
}

/**
 * Whether a connection cannot be used after the error: what does not come from the server, what says that it closes, and what
 * says that it only reads. After a failover, a new connection may lead to the server that writes.
 */
function breaks(error: unknown): boolean {
  const { sqlState, errno } = error as ServerError;
  return typeof sqlState !== 'string' || sqlState.startsWith('08') || READ_ONLY.has(errno);
}
