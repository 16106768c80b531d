import { createRequire } from 'node:module';
import type { DataSourceOptions } from 'typeorm';

/** For the options of a `DataSource`: the package, wherever it is; undefined where it is not (global-setup.ts looks for it). */
export const betterSqlite3:
  Pick<Extract<DataSourceOptions, { type: 'better-sqlite3' }>, 'driver'> | undefined = process.env
  .TEST_BETTER_SQLITE3
  ? { driver: createRequire(import.meta.url)(process.env.TEST_BETTER_SQLITE3) as unknown }
  : undefined;
