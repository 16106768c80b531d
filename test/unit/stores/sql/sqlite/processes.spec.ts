import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords } from '../../../../../lib/testing/contract/records.js';
import { betterSqlite3 } from '../../../../support/better-sqlite3.js';

type Options = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

/** What is needed of the driver's connection. */
interface Connection {
  prepare(sql: string): unknown;
  pragma(sql: string, options: { simple: boolean }): unknown;
}

let folder: string;
const sources: DataSource[] = [];

describe('processes', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-session-sqlite-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const source of sources.splice(0)) await source.destroy();
    await rm(folder, { recursive: true });
  });

  async function connect(options: Options): Promise<DataSource> {
    const source = new DataSource({ entities: [SessionEntity], ...options });
    sources.push(source);
    return source.initialize();
  }

  (betterSqlite3 ? describe : describe.skip)('on SQLite in a file, beside other processes', () => {
    const file = (): Options => ({
      type: 'better-sqlite3',
      database: join(folder, 'db'),
      enableWAL: true,
      ...betterSqlite3,
    });

    test('a write waits for that of another without holding up this process, and leaves TypeORM’s patience alone', async () => {
      const [own, other] = [await connect({ ...file(), synchronize: true }), await connect(file())];
      const store = new TypeOrmSessionStore(own);
      await other.query('BEGIN IMMEDIATE');
      const patience: unknown[] = []; // of SQLite while a statement runs, in which nothing else can
      const { databaseConnection } = own.driver as unknown as { databaseConnection: Connection };
      const prepare = databaseConnection.prepare.bind(databaseConnection);
      jest.spyOn(databaseConnection, 'prepare').mockImplementation((sql) => {
        patience.push(databaseConnection.pragma('busy_timeout', { simple: true }));
        return prepare(sql);
      });
      const record = newRecord();
      const created = store.create([record]);
      expect(patience).toEqual([0]);
      expect(databaseConnection.pragma('busy_timeout', { simple: true })).toBe(5000);
      expect(await store.read([record.key])).toEqual([undefined]);
      await other.query('COMMIT');
      expect(await created).toEqual([true]);
      expect(await store.read([record.key])).toEqual([record]);
    });

    const CHANGE = `UPDATE nest_session SET token = 'new', epoch = 2, version = 9, expires_at = expires_at + 1`;
    const MOVE = `UPDATE nest_session SET user_id = 'bob', version = 9`;
    const ENDS: Record<string, (store: TypeOrmSessionStore, key: string) => Promise<unknown>> = {
      'deleteByUser()': async (store) => (await store.deleteByUser('ada', [])).length === 1,
      'deleteOwned()': async (store, key) => (await store.deleteOwned('ada', [key]))[0],
    };

    describe.each(Object.entries(ENDS))('%s while another process writes', (_, end) => {
      test.each([
        ['ends a session that it changes', CHANGE, 'COMMIT', true],
        ['leaves a session that it moves to another user', MOVE, 'COMMIT', false],
        ['ends a session that it does not move to another user in the end', MOVE, 'ROLLBACK', true],
      ])('%s', async (_, statement, ending, isEnded) => {
        const [own, other] = [await connect({ ...file(), synchronize: true }), await connect(file())];
        const store = new TypeOrmSessionStore(own);
        const record = newRecord({ userId: 'ada' });
        await store.create([record]);
        await other.query('BEGIN IMMEDIATE');
        await other.query(statement);
        const answer = end(store, record.key);
        await other.query(ending);
        expect(await answer).toBe(isEnded);
        expect((await store.read([record.key]))[0]?.userId).toBe(isEnded ? undefined : 'bob');
      });

      test('rejects if that does not end', async () => {
        const [own, other] = [await connect({ ...file(), synchronize: true }), await connect(file())];
        const store = new TypeOrmSessionStore(own);
        const record = newRecord({ userId: 'ada' });
        await store.create([record]);
        await other.query('BEGIN IMMEDIATE');
        await expect(end(store, record.key)).rejects.toThrow('database is locked');
        await other.query('ROLLBACK');
        expect(await store.count('ada', 0)).toBe(1);
      });
    });

    test('two stores prune and write at once, and nothing is lost', async () => {
      const [own, other] = [await connect({ ...file(), synchronize: true }), await connect(file())];
      const [one, two] = [new TypeOrmSessionStore(own), new TypeOrmSessionStore(other)];
      await one.create(newRecords(500, { expiresAt: 1 }));
      const alive = newRecords(20);
      await two.create(alive);
      const prune = async (store: TypeOrmSessionStore): Promise<number> => {
        let total = 0;
        for (let some = 1; some > 0; total += some) some = await store.prune(5, 20);
        return total;
      };
      const [first, second, changed] = await Promise.all([
        prune(one),
        prune(two),
        one.update(alive.map((record) => changeOf(record))),
      ]);
      expect(first + second).toBe(500);
      expect(changed).toEqual(Array(20).fill(true));
      expect(await two.count(undefined, 0)).toBe(20);
    });
  });
});
