import type { DataSource } from 'typeorm';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import { MysqlConnection, type MysqlPoolConnection } from '../sql/mysql/mysql.connection.js';
import { MysqlDialect } from '../sql/mysql/mysql.dialect.js';
import { type PgPool, PostgresConnection } from '../sql/postgres/postgres.connection.js';
import { PostgresDialect } from '../sql/postgres/postgres.dialect.js';
import type { SqlDialect } from '../sql/sql-dialect.js';
import type { SqlNames } from '../sql/sql-names.js';
import { SqliteConnection } from '../sql/sqlite/sqlite.connection.js';
import { SqliteDialect } from '../sql/sqlite/sqlite.dialect.js';
import { SQLITE_DRIVERS, type SqliteDriver } from './sqlite-drivers.js';

type Open = (dataSource: DataSource, names: SqlNames) => SqlDialect;

/** With replication it is the pool of the writable server: a replica may lag behind what was just written. */
const postgres: Open = (dataSource, names) => {
  const pool = (): PgPool => {
    const { master } = driverOf<{ readonly master?: PgPool }>(dataSource);
    if (master === undefined) throw new StoreFault(messages.dataSourceGone);
    return master;
  };
  return new PostgresDialect(new PostgresConnection(pool), names);
};

const mysql: Open = (dataSource, names) => {
  const obtain = () =>
    driverOf<{ obtainMasterConnection(): Promise<MysqlPoolConnection> }>(dataSource).obtainMasterConnection();
  return new MysqlDialect(new MysqlConnection(obtain), names);
};

const sqlite: Open = (dataSource, names) => {
  const open = SQLITE_DRIVERS[dataSource.options.type as keyof typeof SQLITE_DRIVERS]();
  return new SqliteDialect(new SqliteConnection(() => open(driverOf<SqliteDriver>(dataSource))), names);
};

/**
 * The statements for a `DataSource`, by its `type`. They go straight to the driver: TypeORM's query log must not see session
 * data. `sqlite` is of TypeORM 0.3.
 */
export const DATABASES: ReadonlyMap<string, Open> = new Map([
  ['postgres', postgres],
  ['mysql', mysql],
  ['mariadb', mysql],
  ['better-sqlite3', sqlite],
  ['sqljs', sqlite],
  ['sqlite', sqlite],
]);

/** What TypeORM keeps of the driver; looked up each time, as the application may close the `DataSource` and open it again. */
function driverOf<Driver>(dataSource: DataSource): Driver {
  if (!dataSource.isInitialized) throw new StoreFault(messages.dataSourceGone);
  return dataSource.driver as unknown as Driver;
}
