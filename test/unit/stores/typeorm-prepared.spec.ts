import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord } from '../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { connect, poolOf, watchStatements } from './support.js';

/** Prepared statements that a connection no longer has, as behind a pooler, or that a migration made useless. */

const CONNECTIONS = 4;

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;

beforeEach(async () => {
  database = await createDatabase();
  dataSource = await connect(database.url, { synchronize: true, extra: { max: CONNECTIONS } });
  store = new TypeOrmSessionStore(dataSource);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await dataSource.destroy();
  await database.drop();
});

/** Does something on every connection of the pool. */
async function onEach(work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => poolOf(dataSource).connect()));
  await Promise.all(clients.map(work));
  for (const client of clients) client.release();
}

/** The same call on every connection at the same time. */
function atOnce<Result>(call: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => call(index)));
}

describe('prepared statements', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['that the connections no longer have', () => onEach((client) => client.query('DEALLOCATE ALL'))],
    [
      'whose columns a migration has changed',
      () => dataSource.query('ALTER TABLE nest_session ALTER COLUMN ip TYPE text'),
    ],
  ])('%s: all that were under way are sent again, and from then on unprepared', async (_, invalidate) => {
    const record = newRecord();
    await store.create([record]);
    await atOnce(() => store.read([record.key]));
    await invalidate();
    expect((await atOnce(() => store.read([record.key]))).flat()).toEqual(
      Array.from({ length: CONNECTIONS }, () => record),
    );
    const { sent } = watchStatements(dataSource);
    await atOnce(() => store.read([record.key]));
    expect(sent.map(({ name }) => name)).toEqual(Array.from({ length: CONNECTIONS }, () => undefined));
  });

  it('that a write lacks: it is done once', async () => {
    const records = Array.from({ length: CONNECTIONS }, () => newRecord());
    await store.create(records);
    const first = records.map((record) => changeOf(record));
    await atOnce((index) => store.update([first[index]!]));
    await onEach((client) => client.query('DEALLOCATE ALL'));
    const second = first.map(({ next }) => changeOf(next));
    expect((await atOnce((index) => store.update([second[index]!]))).flat()).toEqual(
      Array.from({ length: CONNECTIONS }, () => true),
    );
    expect(await store.read(records.map(({ key }) => key))).toEqual(second.map(({ next }) => next));
  });
});
