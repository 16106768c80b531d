import type { DataSource } from 'typeorm';
import { MysqlConnections } from './mysql.connection.js';
import { MysqlDialect } from './mysql.dialect.js';
import { runOnPostgres } from './postgres.connection.js';
import { PostgresDialect } from './postgres.dialect.js';
import type { RunSql, SqlDialect, SqlNames } from './sql-dialect.js';
import { runOnSqlite } from './sqlite.connection.js';
import { SqliteDialect } from './sqlite.dialect.js';

/** The statements for a database, and their way to it. */
export interface SqlDatabase {
  readonly dialect: SqlDialect;
  readonly run: RunSql;
}

type Open = (dataSource: DataSource, names: SqlNames) => SqlDatabase;

const postgres: Open = (dataSource, names) => ({
  dialect: new PostgresDialect(names),
  run: runOnPostgres(dataSource),
});

const mysql: Open = (dataSource, names) => {
  const { run, transaction } = new MysqlConnections(dataSource);
  return { dialect: new MysqlDialect(names, transaction), run };
};

const sqlite: Open = (dataSource, names) => ({
  dialect: new SqliteDialect(names),
  run: runOnSqlite(dataSource),
});

/** By the `type` of the `DataSource`. `sqlite` is of TypeORM 0.3. */
export const DATABASES: ReadonlyMap<string, Open> = new Map([
  ['postgres', postgres],
  ['mysql', mysql],
  ['mariadb', mysql],
  ['better-sqlite3', sqlite],
  ['sqljs', sqlite],
  ['sqlite', sqlite],
]);
