import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import type { SessionRecord } from '../../../lib/core/session-record.js';
import { TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, renewalOf } from '../../../lib/testing/contract/records.js';
import type { TestDatabase } from '../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../support/mysql.js';
import { testHeldRows } from './held-rows.js';
import { connectMysql, watchMysql } from './mysql-support.js';
import { pruneAll, until } from './support.js';

(MYSQL_URL ? describe : describe.skip)('on MySQL or MariaDB', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: TypeOrmSessionStore;
  let other: Connection;

  beforeAll(async () => {
    database = await createMysqlDatabase();
    dataSource = await connectMysql(database.url, { synchronize: true });
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(async () => {
    store = new TypeOrmSessionStore(dataSource);
    other = await createConnection(database.url);
    await other.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'); // rows, and no gaps between them
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await other.end();
    await store.deleteAll();
  });

  async function lock(...records: SessionRecord[]): Promise<void> {
    await other.query('START TRANSACTION');
    await other.query('SELECT 1 FROM nest_session FORCE INDEX (PRIMARY) WHERE handle IN (?) FOR UPDATE', [
      records.map(({ key }) => key),
    ]);
  }

  describe('a row that another transaction holds', () => {
    testHeldRows(() => ({
      store,
      lock,
      run: (sql, parameters) => other.query(sql, parameters),
      watch: () => watchMysql(dataSource),
      comesBackAfter: { update: 5, delete: 6 },
    }));

    test('takes no connection of the pool while it is held', async () => {
      const records = newRecords(40);
      await store.create(records);
      await lock(...records);
      const watched = watchMysql(dataSource);
      const answers = Promise.all(records.map((record) => store.update([changeOf(record)])));
      await until(async () => {
        const alone = newRecord(); // somebody who has nothing to do with these rows
        return (await store.create([alone]))[0] === true && watched.sent.length > 400;
      }, 'the updates came back for the rows');
      await other.query('COMMIT');
      expect(await answers).toEqual(Array(40).fill([true]));
      expect(watched.errors).toEqual([]);
    });
  });

  test('a session that is renewed while all of its user are ended is ended', async () => {
    const record = newRecord({ userId: 'ada' });
    await store.create([record, newRecord({ userId: 'bob' })]);
    const { next } = renewalOf(record);
    await lock(record);
    const watched = watchMysql(dataSource);
    const answer = store.deleteByUser('ada', []);
    await until(() => Promise.resolve(watched.sent.length === 4), 'the removal waits for the row');
    await other.query('UPDATE nest_session SET handle = ?, previous_handle = ? WHERE handle = ?', [
      next.key,
      record.key,
      record.key,
    ]);
    await other.query('COMMIT');
    expect(await answer).toEqual([next.key]);
    expect(await store.count(undefined, 0)).toBe(1);
  });

  describe('pruning', () => {
    async function fill(count: number): Promise<void> {
      const rows = Array.from({ length: count }, (_, n) => [`over ${n}`, 1, '{}', 0, 0, n + 1]);
      await dataSource.query(
        'INSERT INTO nest_session (handle, version, data, created_at, last_seen_at, expires_at) VALUES ?',
        [rows],
      );
    }

    test('four stores at once remove 2,000 sessions without a deadlock', async () => {
      await fill(2_000);
      const alive = newRecord();
      await store.create([alive]);
      const sources = await Promise.all([1, 2, 3, 4].map(() => connectMysql(database.url)));
      const watched = sources.map((source) => watchMysql(source));
      const removed = await Promise.all(sources.map((source) => pruneAll(new TypeOrmSessionStore(source))));
      expect(removed.reduce((sum, some) => sum + some, 0)).toBe(2_000);
      expect(watched.flatMap(({ errors }) => errors)).toEqual([]);
      expect(await dataSource.query('SELECT handle FROM nest_session')).toEqual([{ handle: alive.key }]);
      await Promise.all(sources.map((source) => source.destroy()));
    });

    test('passes over sessions that others hold, and leaves one that was prolonged', async () => {
      await fill(5);
      const record = newRecord({ expiresAt: 3 });
      await store.create([record]);
      await lock(record);
      await other.query('UPDATE nest_session SET expires_at = 100 WHERE handle = ?', [record.key]);
      expect(await store.prune(10, 10)).toBe(5);
      await other.query('COMMIT');
      expect(await store.prune(10, 10)).toBe(0);
      expect(await store.count(undefined, 10)).toBe(1);
    });
  });
});
