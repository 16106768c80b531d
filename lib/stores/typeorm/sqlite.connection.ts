import { setTimeout } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { messages } from '../../errors/messages.js';
import {
  type BetterSqlite3,
  isWrite,
  sqliteMessage,
  type Sqlite3,
  type SqlJs,
  throughBetterSqlite3,
  throughSqlite3,
  throughSqlJs,
} from './sqlite.drivers.js';
import type { RunSql } from './sql-dialect.js';

/** Milliseconds before a statement is first tried again; doubled each time, up to {@link LAST_PAUSE} (2.5 s in all). */
const FIRST_PAUSE = 5;
const LAST_PAUSE = 1_280;

/** What is needed of the driver of TypeORM. */
interface Driver {
  readonly databaseConnection: BetterSqlite3 & SqlJs & Sqlite3;
  /** There is one for all, as there is one connection. */
  readonly queryRunner?: { readonly isTransactionActive: boolean };
  /** Of sql.js: writes the database to where the application wants it, if it does. */
  autoSave?(): Promise<void>;
}

/**
 * Runs statements on the driver's connection, past TypeORM's query log, which must not see session data.
 *
 * There is one connection, the application's: what is written while it is in a transaction would be undone with that,
 * although somebody was told that it is stored. So writes wait for its end, as they wait while another process writes, without
 * holding up this one.
 */
export function runOnSqlite(dataSource: DataSource): RunSql {
  const send = {
    'better-sqlite3': throughBetterSqlite3,
    sqljs: throughSqlJs,
    sqlite: throughSqlite3,
  }[dataSource.options.type as string]!;
  return async <Row>(sql: string, parameters: readonly unknown[]) => {
    const writes = isWrite(sql);
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      if (!dataSource.isInitialized) throw new Error(messages.dataSourceGone);
      const driver = dataSource.driver as unknown as Driver;
      let failure: unknown;
      if (writes && isInTransaction(driver)) failure = new Error(messages.sqliteTransaction);
      else {
        try {
          const rows = await send(driver.databaseConnection, sql, parameters);
          if (writes) await driver.autoSave?.();
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

function isInTransaction({ databaseConnection, queryRunner }: Driver): boolean {
  return databaseConnection.inTransaction ?? queryRunner?.isTransactionActive ?? false;
}

/** An error with the driver's message and code and nothing else of it; what a native driver throws need not be an `Error` here. */
function ownError(error: unknown): Error {
  return Object.assign(new Error(sqliteMessage(error)), { code: (error as { code?: unknown } | null)?.code });
}

function isBusy(error: unknown): boolean {
  return /database (table |schema )?is locked/.test(sqliteMessage(error));
}
