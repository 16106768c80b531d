import { createRequire } from 'node:module';
import type { DataSourceOptions } from 'typeorm';
import { findResource } from './resources/find.js';

const place = await findResource('better-sqlite3');

/** For the options of a `DataSource`: the package, wherever it is; undefined where it is not installed. */
export const betterSqlite3:
  Pick<Extract<DataSourceOptions, { type: 'better-sqlite3' }>, 'driver'> | undefined = place
  ? { driver: createRequire(import.meta.url)(place) as unknown }
  : undefined;
