import { BetterSqlite3, type BetterSqlite3Database } from '../sql/sqlite/better-sqlite3.js';
import { isRead } from '../sql/sqlite/sqlite-text.js';
import type { SqliteDatabase } from '../sql/sqlite/sqlite.connection.js';

/** What is needed of a driver of TypeORM. */
export interface SqliteDriver {
  readonly databaseConnection: BetterSqlite3Database & SqlJs & Sqlite3;
  /** There is one for all, as there is one connection. */
  readonly queryRunner?: { readonly isTransactionActive: boolean };
  /** Of sql.js: writes the database to where the application wants it, if it does. */
  autoSave?(): Promise<void>;
}

/** The part of a database of `sql.js` that statements go through. */
interface SqlJs {
  prepare(sql: string): SqlJsStatement;
  getRowsModified(): number;
}

interface SqlJsStatement {
  bind(parameters: unknown[]): boolean;
  step(): boolean;
  getAsObject(): unknown;
  free(): boolean;
}

/** The part of a database of `sqlite3` that statements go through. */
interface Sqlite3 {
  all(sql: string, parameters: unknown[], done: (error: Error | null, rows: unknown[]) => void): unknown;
  run(
    sql: string,
    parameters: unknown[],
    done: (this: { changes: number }, error: Error | null) => void,
  ): unknown;
}

type Open = (driver: SqliteDriver) => SqliteDatabase;

/** The ways to SQLite, by the `type` of the `DataSource`. What is prepared is kept as long as the driver keeps its database. */
export const SQLITE_DRIVERS: Readonly<Record<'better-sqlite3' | 'sqljs' | 'sqlite', () => Open>> = {
  'better-sqlite3': () => {
    let known: [from: BetterSqlite3Database, database: BetterSqlite3] | undefined;
    return ({ databaseConnection }) => {
      if (known?.[0] !== databaseConnection)
        known = [databaseConnection, new BetterSqlite3(databaseConnection)];
      return known[1];
    };
  },
  sqljs: () => (driver) => ({
    inTransaction: isInTransaction(driver),
    send: (sql, parameters) => throughSqlJs(driver.databaseConnection, sql, parameters),
    save: async () => driver.autoSave?.(),
  }),
  sqlite: () => (driver) => ({
    inTransaction: isInTransaction(driver),
    send: (sql, parameters) => throughSqlite3(driver.databaseConnection, sql, parameters),
  }),
};

function isInTransaction({ queryRunner }: SqliteDriver): boolean {
  return queryRunner?.isTransactionActive ?? false;
}

/** Through `sql.js`, which forgets what is prepared when it exports the database. */
function throughSqlJs(database: SqlJs, sql: string, parameters: readonly unknown[]): unknown[] {
  const statement = database.prepare(sql);
  try {
    statement.bind([...parameters]);
    const rows: unknown[] = [];
    while (statement.step()) rows.push(statement.getAsObject());
    return isRead(sql) ? rows : [{ changes: database.getRowsModified() }];
  } finally {
    statement.free();
  }
}

/** Through `sqlite3` (TypeORM 0.3), which uses its own threads. */
function throughSqlite3(database: Sqlite3, sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    if (isRead(sql)) {
      database.all(sql, [...parameters], (error, rows) => (error === null ? resolve(rows) : reject(error)));
    } else {
      database.run(sql, [...parameters], function (error) {
        if (error === null) resolve([{ changes: this.changes }]);
        else reject(error);
      });
    }
  });
}
