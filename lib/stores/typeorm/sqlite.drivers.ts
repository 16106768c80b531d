/** Sends one statement and answers with its rows, or with how many it changed where it has none. */
type Send<Connection> = (
  connection: Connection,
  sql: string,
  parameters: readonly unknown[],
) => Promise<unknown[]> | unknown[];

/** The part of a database of `better-sqlite3` that statements go through. */
export interface BetterSqlite3 {
  readonly inTransaction?: boolean;
  prepare(sql: string): PreparedStatement;
  pragma(sql: string, options?: { simple: boolean }): unknown;
}

interface PreparedStatement {
  readonly reader: boolean;
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number };
}

const prepared = new WeakMap<BetterSqlite3, Map<string, PreparedStatement>>();

/**
 * Through `better-sqlite3`. SQLite would wait by itself for another process that writes (TypeORM's `timeout`), but in the
 * thread that everything else runs in: so it does not wait while the statement runs, which nothing can come between.
 */
export const throughBetterSqlite3: Send<BetterSqlite3> = (database, sql, parameters) => {
  const statements = prepared.get(database) ?? new Map<string, PreparedStatement>();
  prepared.set(database, statements);
  const timeout = Number(database.pragma('busy_timeout', { simple: true }));
  database.pragma('busy_timeout = 0');
  try {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement.reader ? statement.all(...parameters) : [statement.run(...parameters)];
  } finally {
    database.pragma(`busy_timeout = ${timeout}`);
  }
};

/** The part of a database of `sql.js` that statements go through. */
export interface SqlJs {
  prepare(sql: string): SqlJsStatement;
  getRowsModified(): number;
}

interface SqlJsStatement {
  bind(parameters: unknown[]): boolean;
  step(): boolean;
  getAsObject(): unknown;
  free(): boolean;
}

/** Through `sql.js`, which forgets what is prepared when it exports the database. */
export const throughSqlJs: Send<SqlJs> = (database, sql, parameters) => {
  const statement = database.prepare(sql);
  try {
    statement.bind([...parameters]);
    const rows: unknown[] = [];
    while (statement.step()) rows.push(statement.getAsObject());
    return isRead(sql) ? rows : [{ changes: database.getRowsModified() }];
  } finally {
    statement.free();
  }
};

/** The part of a database of `sqlite3` (TypeORM 0.3) that statements go through. */
export interface Sqlite3 {
  all(sql: string, parameters: unknown[], done: (error: Error | null, rows: unknown[]) => void): unknown;
  run(
    sql: string,
    parameters: unknown[],
    done: (this: { changes: number }, error: Error | null) => void,
  ): unknown;
}

/** Through `sqlite3`, which works in threads of its own. */
export const throughSqlite3: Send<Sqlite3> = (database, sql, parameters) =>
  new Promise((resolve, reject) => {
    if (isRead(sql)) {
      database.all(sql, [...parameters], (error, rows) => (error === null ? resolve(rows) : reject(error)));
    } else {
      database.run(sql, [...parameters], function (error) {
        if (error === null) resolve([{ changes: this.changes }]);
        else reject(error);
      });
    }
  });

/** What SQLite says of an error: the same through every driver, while not all pass its codes on. */
export function sqliteMessage(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message);
}

/** Whether a statement answers with rows. */
function isRead(sql: string): boolean {
  return !isWrite(sql) || /\sRETURNING\s/.test(sql);
}

/** Whether a statement changes something. */
export function isWrite(sql: string): boolean {
  return /^(WITH \w+ AS \([^)]*\)\)\s)?(INSERT|UPDATE|DELETE)\s/.test(sql);
}
