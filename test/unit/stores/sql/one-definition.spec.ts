import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import {
  CreateSessionTable,
  SessionEntity,
  TypeOrmSessionStore,
} from '../../../../lib/stores/typeorm/index.js';
import { newRecord } from '../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL, mysqlType } from '../../../support/mysql.js';
import { statementsOf } from './support/remedy.js';

type Kind = 'postgres' | 'mysql' | 'sqlite';

const SERVERS: Record<Kind, (() => Promise<TestDatabase>) | undefined> = {
  postgres: createDatabase,
  mysql: MYSQL_URL === undefined ? undefined : createMysqlDatabase,
  sqlite: () => Promise.resolve({ url: '', drop: () => Promise.resolve() }),
};

/** The table of `sessionTable()` is the one of the migration, so an application may go from TypeORM to another tool, or back. */
describe.each(Object.entries(SERVERS))('the table on %s', (kind, create) => {
  const on = create === undefined ? test.skip : test;
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    if (create === undefined) return;
    database = await create();
    const type = kind === 'postgres' ? kind : kind === 'mysql' ? await mysqlType() : 'sqljs';
    const options = { type, entities: [SessionEntity], migrations: [CreateSessionTable] };
    const settings = kind === 'sqlite' ? options : { ...options, url: database.url };
    dataSource = await new DataSource(settings as DataSourceOptions).initialize();
  });
  afterEach(async () => {
    if (create === undefined) return;
    await dataSource.destroy();
    await database.drop();
  });

  on('by sessionTable() serves TypeORM, which changes nothing but the names of indexes', async () => {
    for (const statement of statementsOf(sessionTable(kind as Kind))) await dataSource.query(statement);
    await dataSource.runMigrations(); // leaves it alone
    const store = new TypeOrmSessionStore(dataSource);
    await store.start();
    expect(await store.create([newRecord()])).toEqual([true]);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const changes = upQueries
      .map(({ query }) => query)
      .filter((query) => !/^(CREATE|DROP) INDEX/.test(query));
    expect(changes).toEqual([]);
  });
});

test('the table of the migration serves SqlSessionStore', async () => {
  const database = await createDatabase();
  const options = { type: 'postgres' as const, url: database.url, entities: [SessionEntity] };
  const dataSource = await new DataSource({ ...options, migrations: [CreateSessionTable] }).initialize();
  await dataSource.runMigrations();
  const record = newRecord();
  await new TypeOrmSessionStore(dataSource).create([record]);
  await dataSource.destroy();
  const pool = new pg.Pool({ connectionString: database.url });
  const store = new SqlSessionStore(pool);
  await store.start();
  expect(await store.read([record.key])).toEqual([record]);
  await pool.end();
  await database.drop();
});
