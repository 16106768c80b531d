import { setTimeout } from 'node:timers/promises';
import { messages } from '../../../errors/messages.js';
import { StoreFault } from '../../../errors/store-fault.js';
import type { RunSql, SqlConnection } from '../sql-connection.js';
import { isWrite, sqliteMessage } from './sqlite-text.js';

/** Milliseconds before a statement is first tried again; doubled each time, up to {@link LAST_PAUSE} (2.5 s in all). */
const FIRST_PAUSE = 5;
const LAST_PAUSE = 1_280;

/** An open database of a driver of SQLite. */
export interface SqliteDatabase {
  /** Whether a transaction of the application is open on the connection. */
  readonly inTransaction: boolean;
  /** Runs one statement and answers with its rows, or with `{ changes }` where it has none. */
  send(sql: string, parameters: readonly unknown[]): Promise<unknown[]> | unknown[];
  /** Called after each change: writes the database to where the application keeps it. */
  save?(): Promise<void>;
}

/**
 * Statements to SQLite, on the application's connection.
 *
 * There is only this one: what is written while it is in a transaction would be undone with that, although somebody was
 * told that it is stored. So writes wait for its end, as they wait while another process writes, without holding up this one.
 */
export class SqliteConnection implements SqlConnection {
  readonly #database: () => SqliteDatabase;

  /** @param database - Looks up the open database. Called for every statement, as databases may be closed and opened. */
  constructor(database: () => SqliteDatabase) {
    this.#database = database;
  }

  readonly run: RunSql = async <Row>(sql: string, parameters: readonly unknown[]) => {
    const writes = isWrite(sql);
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      const database = this.#database();
      let failure: unknown;
      if (writes && database.inTransaction) failure = new StoreFault(messages.sqliteTransaction);
      else {
        try {
          const rows = await database.send(sql, parameters);
          if (writes) await database.save?.();
          return rows as Row[];
        } catch (error) {
          failure = ownError(error);
          if (!isBusy(error)) throw failure;
        }
      }
      if (pause > LAST_PAUSE) throw failure;
      await setTimeout(pause);
    }
  };
}

/** An error with the driver's message and code and nothing else of it; what a native driver throws need not be an `Error` here. */
function ownError(error: unknown): Error {
  return Object.assign(new Error(sqliteMessage(error)), { code: (error as { code?: unknown } | null)?.code });
}

function isBusy(error: unknown): boolean {
  return /database (table |schema )?is locked/.test(sqliteMessage(error));
}
