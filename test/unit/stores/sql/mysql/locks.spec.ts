import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import type { SessionRecord } from '../../../../../lib/core/record/session-record.js';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords } from '../../../../../lib/testing/contract/records.js';
import type { TestDatabase } from '../../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../../../support/mysql.js';
import { testHeldEnds } from '../support/held-ends.js';
import { type SharedTable, testHeldRows } from '../support/held-rows.js';
import { connectMysql, kinds, watchMysql } from '../support/mysql-support.js';
import { pruneAll, until } from '../support/support.js';

(MYSQL_URL ? describe : describe.skip)('on MySQL or MariaDB', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: TypeOrmSessionStore;
  let other: Connection;
  let observer: Connection;

  beforeAll(async () => {
    database = await createMysqlDatabase();
    dataSource = await connectMysql(database.url, { synchronize: true });
    observer = await createConnection(database.url);
  });
  afterAll(async () => {
    await observer.end();
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

  /**
   * Whether a statement of this database waits for a lock. One that skips locked rows can be seen as waiting for a moment.
   * INNODB_TRX would answer from a cache while anybody asks it often.
   */
  async function waits(): Promise<boolean> {
    const [[status]] = (await observer.query('SHOW ENGINE INNODB STATUS')) as unknown as [
      [{ Status: string }],
    ];
    // Before the list there are those of the last deadlock, which is over.
    const [, transactions = ''] = status.Status.split('LIST OF TRANSACTIONS FOR EACH SESSION');
    const waiting = transactions
      .split('---TRANSACTION')
      .filter((one) => one.includes('LOCK WAIT'))
      .flatMap((one) => /thread id (\d+)/.exec(one)?.[1] ?? []);
    if (waiting.length === 0) return false;
    const [rows] = await observer.query(
      `SELECT 1 FROM information_schema.PROCESSLIST
       WHERE DB = DATABASE() AND ID IN (?) AND INFO NOT LIKE '%SKIP LOCKED%'`,
      [waiting],
    );
    return (rows as unknown[]).length > 0;
  }

  const table = (): SharedTable => ({
    store,
    lock,
    run: (sql, parameters) => other.query(sql, parameters),
    watch: () => watchMysql(dataSource),
    comesBackAfter: 5,
    waits,
  });

  test.each(['ada ', 'Ada', 'bob'])(
    'a list has a session that another transaction is moving to %j',
    async (user) => {
      const held = newRecord({ userId: 'ada' });
      await store.create([held]);
      await lock(held);
      await other.query('UPDATE nest_session SET user_id = ? WHERE handle = ?', [user, held.key]);
      expect((await store.findByUser('ada', 0)).map(({ key }) => key)).toEqual([held.key]);
      await other.query('COMMIT');
      expect(await store.findByUser('ada', 0)).toEqual([]);
    },
  );

  describe('an end', () => {
    testHeldEnds(table);

    test('that waits too long is an error, and no smaller number', async () => {
      const failed: unknown = expect.objectContaining({ errno: 1205 });
      const [held, free, own] = newRecords(3, { userId: 'ada' }) as Three;
      await store.create([held, free, own]);
      await lock(held);
      const impatient = await Promise.all([1, 2].map(() => connectMysql(database.url, { poolSize: 1 })));
      for (const source of impatient) await source.query('SET SESSION innodb_lock_wait_timeout = 1');
      const [one, two] = impatient.map((source) => new TypeOrmSessionStore(source)) as [
        TypeOrmSessionStore,
        TypeOrmSessionStore,
      ];
      const [all, some] = await Promise.allSettled([
        one.deleteByUser('ada', [free.key]),
        two.deleteOwned('ada', [held.key, free.key]),
      ]);
      expect(all).toEqual({ status: 'rejected', reason: failed });
      expect(some).toEqual({ status: 'fulfilled', value: [failed, true] });
      expect((await store.findByUser('ada', 0)).map(({ key }) => key)).toEqual([held.key]);
      await other.query('ROLLBACK');
      for (const source of impatient) await source.destroy();
    });

    test.each(['READ UNCOMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
      'reaches a session that somebody else changes, where transactions are %s',
      async (level) => {
        const strict = await connectMysql(database.url, { poolSize: 1 });
        await strict.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`);
        const records = newRecords(2, { userId: 'ada' });
        const [changed, moving] = records as [SessionRecord, SessionRecord];
        await store.create(records);
        await lock(changed, moving);
        await other.query(`UPDATE nest_session SET user_id = 'bob' WHERE handle = ?`, [moving.key]);
        const answer = new TypeOrmSessionStore(strict).deleteByUser('ada', []);
        await until(waits, 'the end waits');
        await other.query(`UPDATE nest_session SET user_id = 'ada', version = 9`);
        await other.query('COMMIT');
        expect((await answer).toSorted()).toEqual([changed.key, moving.key].sort());
        await strict.destroy();
      },
    );

    test('of very many sessions takes several statements, and waits for no row of others', async () => {
      const records = newRecords(1_200, { userId: 'ada' });
      const other = newRecord({ userId: 'bob' });
      await store.create([...records, other]);
      await lock(other);
      const watched = watchMysql(dataSource);
      expect((await store.deleteByUser('ada', [])).toSorted()).toEqual(records.map(({ key }) => key).sort());
      expect(kinds(watched)).toEqual(['SELECT', 'SELECT', 'SELECT', 'SELECT', 'DELETE', 'DELETE', 'DELETE']);
      expect(await store.count(undefined, 0)).toBe(1);
    });
  });

  describe('a row that another transaction holds', () => {
    testHeldRows(table);

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

  describe('pruning', () => {
    async function fill(count: number): Promise<void> {
      const rows = Array.from({ length: count }, (_, n) => [`over ${n}`, 'token', 1, 1, '{}', 0, 0, n + 1]);
      await dataSource.query(
        `INSERT INTO nest_session (handle, token, epoch, version, data, created_at, last_seen_at, expires_at)
         VALUES ?`,
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

    test('leaves a session that is prolonged after it was found, and before it is locked', async () => {
      await fill(2);
      const record = newRecord({ expiresAt: 3 });
      await store.create([record]);
      const prolong = (): Promise<unknown> =>
        other.query('UPDATE nest_session SET expires_at = 100 WHERE handle = ?', [record.key]);
      const locks = ({ sql }: { sql: string }): boolean => sql.includes('FOR UPDATE');
      watchMysql(dataSource, undefined, (sent) => (locks(sent) ? prolong() : Promise.resolve()));
      expect(await store.prune(10, 10)).toBe(2);
      expect(await store.count(undefined, 10)).toBe(1);
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

type Three = [SessionRecord, SessionRecord, SessionRecord];
