import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import { DataSource } from 'typeorm';
import type { SessionRecord } from '../../lib/core/record/session-record.js';
import { CreateSessionTable, SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import { newRecord, newRecords, renewalOf } from '../../lib/testing/contract/records.js';
import { type OwnServer, startServer } from '../faults/support/server.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TRIES_ALL } from '../support/scope.js';

const PARTITION = new URL('../../sample/05-several-instances/sql/partition-sessions.sql', import.meta.url);
const PARTITIONED = readFileSync(PARTITION, 'utf8');
const UNLOGGED = 'ALTER TABLE nest_session SET UNLOGGED';

async function open(url: string): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [SessionEntity],
    migrations: [CreateSessionTable],
  });
  await dataSource.initialize();
  await dataSource.runMigrations();
  return dataSource;
}

/** What the table is, to PostgreSQL: `r` or `p` (partitioned), and `p` or `u` (unlogged). */
async function natureOf(dataSource: DataSource): Promise<unknown> {
  return dataSource.query(
    `SELECT relkind AS kind, relpersistence AS persistence FROM pg_class WHERE oid = 'nest_session'::regclass`,
  );
}

/** The table as the migration makes it, and then as an operator does. */
describe.each([
  ['unlogged', UNLOGGED, { kind: 'r', persistence: 'u' }],
  ['partitioned by the hash of its key', PARTITIONED, { kind: 'p', persistence: 'p' }],
])('on a table that is %s', (_, change, nature) => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createDatabase();
    dataSource = await open(database.url);
    await new TypeOrmSessionStore(dataSource).create(newRecords(40));
    await dataSource.query(change);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  test('the sessions from before are there', async () => {
    expect(await natureOf(dataSource)).toEqual([nature]);
    expect(await new TypeOrmSessionStore(dataSource).count(undefined, 0)).toBe(40);
  });

  if (TRIES_ALL)
    sessionStoreContract('TypeOrmSessionStore', async () => {
      await dataSource.query('TRUNCATE nest_session');
      return { store: new TypeOrmSessionStore(dataSource) };
    });
});

describe('on a partitioned table', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: TypeOrmSessionStore;

  beforeAll(async () => {
    database = await createDatabase();
    dataSource = await open(database.url);
    await dataSource.query(PARTITIONED);
    store = new TypeOrmSessionStore(dataSource);
  });
  beforeEach(() => dataSource.query('TRUNCATE nest_session'));
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  test('sessions are in all parts, and stay where they are with a new id', async () => {
    const partOf = async (key: string): Promise<string> => {
      const rows = await dataSource.query<{ part: string }[]>(
        'SELECT tableoid::regclass AS part FROM nest_session WHERE handle = $1',
        [key],
      );
      return rows[0]!.part;
    };
    const records = newRecords(200);
    const keys = records.map(({ key }) => key);
    await store.create(records);
    const before = await Promise.all(keys.map(partOf));
    expect(new Set(before).size).toBe(8);
    const renewals = records.map((record) => renewalOf(record));
    expect(new Set(await store.update(renewals))).toEqual(new Set([true]));
    expect(await Promise.all(keys.map(partOf))).toEqual(before);
    expect(await store.read(keys)).toEqual(renewals.map(({ next }) => next));
  });

  test.each<[string, (record: SessionRecord) => Promise<readonly unknown[]>]>([
    ['delete()', ({ key }) => store.delete([key])],
    ['deleteOwned()', ({ key }) => store.deleteOwned('ada', [key])],
    [
      'deleteByUser()',
      async ({ key }) => (await store.deleteByUser('ada', [])).map((ended) => ended === key),
    ],
  ])('of many renewals and a %s at the same time one renewal holds, or none', async (_, end) => {
    for (let round = 0; round < 20; round++) {
      const record = newRecord({ userId: 'ada' });
      await store.create([record]);
      const calls = Array.from({ length: 8 }, () => store.update([renewalOf(record)]));
      const ended = end(record);
      const outcomes = (await Promise.all(calls)).flat();
      expect(outcomes.filter((outcome) => outcome === true).length).toBeLessThanOrEqual(1);
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      expect(await ended).toEqual([true]);
      expect(await store.count(undefined, 0)).toBe(0);
    }
  });
});

describe('on an unlogged table', () => {
  let server: OwnServer;

  beforeAll(async () => void (server = await startServer()), 60_000);
  afterAll(() => server.remove());

  async function visit<Result>(work: (store: TypeOrmSessionStore) => Promise<Result>): Promise<Result> {
    const dataSource = await open(server.url);
    try {
      return await work(new TypeOrmSessionStore(dataSource));
    } finally {
      await dataSource.destroy();
    }
  }

  test('sessions survive a restart in good order; a crash ends all of them, and new ones begin', async () => {
    const record = newRecord();
    const dataSource = await open(server.url);
    await dataSource.query(UNLOGGED);
    await dataSource.destroy();
    await visit((store) => store.create([record]));

    await server.stop();
    await server.start();
    expect(await visit((store) => store.count(undefined, 0))).toBe(1);

    await server.kill();
    await server.start();
    expect(await visit((store) => store.count(undefined, 0))).toBe(0);
    expect(await visit((store) => store.create([record]))).toEqual([true]);
  });
});
