import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { SessionRecord } from '../../../lib/core/session-record.js';
import { TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import {
  changeOf,
  newRecord,
  newRecords,
  renewalOf,
  touchOf,
} from '../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { connect, poolOf, pruneAll, until, watchStatements } from './support.js';

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;
let other: pg.Client;

beforeAll(async () => {
  database = await createDatabase();
  dataSource = await connect(database.url, { synchronize: true });
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  store = new TypeOrmSessionStore(dataSource);
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await other.end();
  await store.deleteAll();
});

async function lock({ key }: SessionRecord): Promise<void> {
  await other.query('BEGIN');
  await other.query('SELECT 1 FROM nest_session WHERE handle = $1 FOR UPDATE', [key]);
}

async function versionOf({ key }: SessionRecord): Promise<number | undefined> {
  return (await store.read([key]))[0]?.version;
}

describe('a row that another transaction holds', () => {
  test('holds up no other row of a shared update, and is written when it is let go', async () => {
    const [first, held, last] = [newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last]);
    await lock(held);
    const answer = store.update([changeOf(first), changeOf(held), changeOf(last)]);
    await until(
      async () => (await versionOf(first)) === 2 && (await versionOf(last)) === 2,
      'the others were written',
    );
    expect(await versionOf(held)).toBe(1);
    await other.query('COMMIT');
    expect(await answer).toEqual([true, true, true]);
    expect(await versionOf(held)).toBe(2);
  });

  test('holds up no other row of a shared removal, and is removed when it is let go', async () => {
    const [first, held, last] = [newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last]);
    await lock(held);
    const answer = store.delete([first.key, held.key, last.key]);
    await until(async () => (await store.count(undefined, 0)) === 1, 'the others were removed');
    await other.query('COMMIT');
    expect(await answer).toEqual([true, true, true]);
    expect(await store.count(undefined, 0)).toBe(0);
  });

  test('is found under its new key by a removal that began before it was renewed', async () => {
    const record = newRecord();
    await store.create([record]);
    const { next } = renewalOf(record);
    await lock(record);
    const watched = watchStatements(dataSource);
    const answer = store.delete([record.key]);
    await until(() => Promise.resolve(watched.sent.length > 1), 'the removal came back for the row');
    await other.query(
      'UPDATE nest_session SET handle = $2, previous_handle = $1, version = 2 WHERE handle = $1',
      [record.key, next.key],
    );
    await other.query('COMMIT');
    expect(await answer).toEqual([true]);
    expect(await store.read([record.key, next.key])).toEqual([undefined, undefined]);
  });

  test('is no longer waited for when it was changed or removed meanwhile', async () => {
    const [changed, removed] = [newRecord(), newRecord()];
    await store.create([changed, removed]);
    await other.query('BEGIN');
    await other.query('UPDATE nest_session SET version = 9 WHERE handle = $1', [changed.key]);
    await other.query('DELETE FROM nest_session WHERE handle = $1', [removed.key]);
    const watched = watchStatements(dataSource);
    const answer = store.update([changeOf(changed), touchOf(removed, 1)]);
    await until(() => Promise.resolve(watched.sent.length > 1), 'the update came back for the rows');
    await other.query('COMMIT');
    expect(await answer).toEqual([false, false]);
    expect(await versionOf(changed)).toBe(9);
  });

  test('takes no connection of the pool while it is held', async () => {
    const records = newRecords(40);
    await store.create(records);
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM nest_session FOR UPDATE');
    const pool = poolOf(dataSource);
    let mostWaiting = 0;
    const watched = watchStatements(dataSource);
    const answer = store.update(records.map((record) => changeOf(record)));
    await until(() => {
      mostWaiting = Math.max(mostWaiting, pool.totalCount - pool.idleCount + pool.waitingCount);
      return Promise.resolve(watched.sent.length > 4);
    }, 'the update came back for the rows');
    expect(mostWaiting).toBeLessThan(3);
    await other.query('COMMIT');
    expect(await answer).toEqual(Array(40).fill(true));
  });

  test('and is not let go fails alone', async () => {
    const [first, held, last] = [newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last]);
    await lock(held);
    const failed: unknown = expect.objectContaining({
      message: 'The row of the session is locked by another transaction.',
    });
    const [changed, removed] = await Promise.all([
      store.update([changeOf(first), changeOf(held)]),
      store.delete([held.key, last.key]),
    ]);
    expect(changed).toEqual([true, failed]);
    expect(removed).toEqual([failed, true]);
    await other.query('COMMIT');
    expect(await versionOf(held)).toBe(1);
  });
});

describe('pruning', () => {
  async function fill(count: number): Promise<void> {
    await dataSource.query(
      `INSERT INTO nest_session (handle, version, data, created_at, last_seen_at, expires_at) SELECT 'over ' || n, 1, '{}', 0, 0, n FROM generate_series(1, ${count}) AS n`,
    );
  }

  test('four stores at once remove 5,000 sessions without a deadlock', async () => {
    await fill(5_000);
    const alive = newRecord();
    await store.create([alive]);
    const sources = await Promise.all([1, 2, 3, 4].map(() => connect(database.url)));
    const watched = sources.map((source) => jest.spyOn(poolOf(source), 'query'));
    const removed = await Promise.all(sources.map((source) => pruneAll(new TypeOrmSessionStore(source))));
    expect(removed.reduce((sum, some) => sum + some, 0)).toBe(5_000);
    expect(removed.filter((some) => some > 0).length).toBeGreaterThan(1);
    const answers = watched.flatMap(({ mock }) => mock.results.map(({ value }) => value as unknown));
    const settled = await Promise.allSettled(answers);
    expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await dataSource.query('SELECT handle FROM nest_session')).toEqual([{ handle: alive.key }]);
    await Promise.all(sources.map((source) => source.destroy()));
  });

  test('holds up no read, no change and no other pruning', async () => {
    await fill(10);
    const record = newRecord({ expiresAt: 5 });
    await store.create([record]);
    const watched = watchStatements(dataSource);
    await store.prune(0, 10);
    const [{ text }] = watched.sent as [pg.QueryConfig];
    await other.query('BEGIN');
    expect((await other.query<{ count: string }>(text, [5, 100])).rows[0]?.count).toBe('6');

    expect(await store.read([record.key, 'over 1'])).toMatchObject([{ key: record.key }, { key: 'over 1' }]);
    expect(await store.prune(8, 100)).toBe(3);
    const late = store.update([touchOf(record, 60_000)]);
    await other.query('COMMIT');
    expect(await late).toEqual([false]);
    expect(await store.read([record.key, 'over 1'])).toEqual([undefined, undefined]);
    expect(await store.count(undefined, 0)).toBe(2);
  });

  test('passes over a session that is being prolonged', async () => {
    const record = newRecord({ expiresAt: 5 });
    await store.create([record]);
    await other.query('BEGIN');
    await other.query('UPDATE nest_session SET expires_at = 100 WHERE handle = $1', [record.key]);
    expect(await store.prune(10, 10)).toBe(0);
    await other.query('COMMIT');
    expect(await store.prune(10, 10)).toBe(0);
    expect(await store.count(undefined, 10)).toBe(1);
  });
});
