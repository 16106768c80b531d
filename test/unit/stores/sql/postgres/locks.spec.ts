import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { SessionRecord } from '../../../../../lib/core/record/session-record.js';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../../support/database.js';
import { testHeldEnds } from '../support/held-ends.js';
import { type SharedTable, testHeldRows } from '../support/held-rows.js';
import { connect, poolOf, pruneAll, until, watchStatements } from '../support/support.js';

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;
let other: pg.Client;
let observer: pg.Client;

describe('locks', () => {
  beforeAll(async () => {
    database = await createDatabase();
    dataSource = await connect(database.url, { synchronize: true });
    observer = new pg.Client({ connectionString: database.url });
    await observer.connect();
  });
  afterAll(async () => {
    await observer.end();
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

  async function lock(...records: SessionRecord[]): Promise<void> {
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM nest_session WHERE handle = ANY($1) FOR UPDATE', [
      records.map(({ key }) => key),
    ]);
  }

  /** Whether a statement of this database waits for a lock. */
  async function waits(): Promise<boolean> {
    const { rowCount } = await observer.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rowCount! > 0;
  }

  /** A statement as PostgreSQL names its parameters. */
  function numbered(sql: string): string {
    let count = 0;
    return sql.replaceAll('?', () => `$${++count}`);
  }

  const table = (): SharedTable => ({
    store,
    lock,
    run: (sql, parameters) => other.query(numbered(sql), parameters),
    watch: () => {
      const errors: unknown[] = [];
      return { errors, ...watchStatements(dataSource, (error) => errors.push(error)) };
    },
    comesBackAfter: 1,
    waits,
  });

  describe('an end', () => {
    testHeldEnds(table);

    test.each([
      ['of the driver', { query_timeout: 1_000 }, { message: 'Query read timeout' }],
      ['of the server', { options: '-c lock_timeout=100' }, { code: '55P03' }],
    ])('that waits too long, in the eyes %s, is an error, and no smaller number', async (_, extra, error) => {
      const failed: unknown = expect.objectContaining(error);
      const impatient = await connect(database.url, { extra });
      const [held, free, own] = newRecords(3, { userId: 'ada' }) as Three;
      await store.create([held, free, own]);
      await lock(held);
      const ends = new TypeOrmSessionStore(impatient);
      expect(await ends.delete([free.key, held.key])).toEqual([true, failed]);
      expect(await ends.deleteOwned('ada', [held.key])).toEqual([failed]);
      await expect(ends.deleteByUser('ada', [])).rejects.toEqual(failed);
      expect((await store.findByUser('ada', 0)).map(({ key }) => key)).toEqual([held.key]);
      await other.query('ROLLBACK');
      await impatient.destroy();
    });

    test.each(['repeatable read', 'serializable'])(
      'reaches a session that somebody else changes, where transactions are %s',
      async (level) => {
        const strict = await connect(database.url, {
          extra: { options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` },
        });
        const [first, held] = newRecords(2, { userId: 'ada' }) as [SessionRecord, SessionRecord];
        await store.create([first, held]);
        await lock(held);
        const answer = new TypeOrmSessionStore(strict).deleteByUser('ada', []);
        await until(waits, 'the end waits');
        await other.query('UPDATE nest_session SET version = version + 1 WHERE handle = $1', [held.key]);
        await other.query('COMMIT');
        expect((await answer).toSorted()).toEqual([first.key, held.key].sort());
        await strict.destroy();
      },
    );
  });

  describe('a row that another transaction holds', () => {
    testHeldRows(table);

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
  });

  describe('pruning', () => {
    async function fill(count: number): Promise<void> {
      await dataSource.query(
        `INSERT INTO nest_session (handle, token, epoch, version, data, created_at, last_seen_at, expires_at)
       SELECT 'over ' || n, 'token ' || n, 1, 1, '{}', 0, 0, n FROM generate_series(1, ${count}) AS n`,
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

      expect(await store.read([record.key, 'over 1'])).toMatchObject([
        { key: record.key },
        { key: 'over 1' },
      ]);
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

  type Three = [SessionRecord, SessionRecord, SessionRecord];
});
