import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { newRecord } from '../../../../../lib/testing/contract/records.js';
import { NodeSqliteDatabase, SQLITE_HANDLES, type SqliteHandle } from '../../../../support/sqlite-handles.js';

describe.each(Object.entries(SQLITE_HANDLES))('a database of SQLite, through %s', (_, open) => {
  const on = open === undefined ? test.skip : test;
  let folder: string;
  let database: SqliteHandle;
  let store: SqlSessionStore;

  beforeEach(async () => {
    if (open === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'nest-session-sql-'));
    database = open(join(folder, 'sessions.db'));
    database.exec(sessionTable('sqlite'));
    store = new SqlSessionStore(database);
  });
  afterEach(async () => {
    if (open === undefined) return;
    database.close();
    await rm(folder, { recursive: true });
  });

  on('what is written while the application is in a transaction is not undone with that', async () => {
    const ended = newRecord();
    await store.create([ended]);
    database.exec('BEGIN');
    const record = newRecord();
    const created = store.create([record]);
    const gone = store.delete([ended.key]);
    expect(await store.read([ended.key])).toEqual([ended]); // a read waits for nobody
    database.exec('ROLLBACK');
    expect([await created, await gone]).toEqual([[true], [true]]);
    expect(await store.read([record.key, ended.key])).toEqual([record, undefined]);
  });

  on('a write waits for that of another process, and leaves the patience of the handle alone', async () => {
    const patience = (): number => {
      const [row] = database.prepare('PRAGMA busy_timeout').all() as [{ timeout: number }];
      return row.timeout;
    };
    database.exec('PRAGMA busy_timeout = 54321');
    const other = open!(join(folder, 'sessions.db'));
    other.exec('BEGIN IMMEDIATE');
    const record = newRecord();
    const begun = performance.now();
    const created = store.create([record]);
    expect(performance.now() - begun).toBeLessThan(27_000); // this process is not held up
    expect(patience()).toBe(54321);
    other.exec('COMMIT');
    other.close();
    expect(await created).toEqual([true]);
    expect(await store.read([record.key])).toEqual([record]);
    expect(patience()).toBe(54321);
  });

  on('a number that is none of JavaScript spoils its own row alone', async () => {
    const [odd, other] = [newRecord(), newRecord()];
    await store.create([odd, other]);
    database.exec(`UPDATE nest_session SET version = 9223372036854775807 WHERE handle = '${odd.key}'`);
    const [first, second] = await store.read([odd.key, other.key]);
    expect(first?.data).not.toBe(odd.data);
    expect(second).toEqual(other);
  });
});

if (NodeSqliteDatabase !== undefined) {
  const Database = NodeSqliteDatabase;

  describe('a DatabaseSync', () => {
    test('works on when it is closed and opened again', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nest-session-sql-'));
      const database = new Database(join(folder, 'db')) as SqliteHandle & { open(): void };
      database.exec(sessionTable('sqlite'));
      const store = new SqlSessionStore(database);
      const record = newRecord();
      await store.create([record]);
      expect(await store.read([record.key])).toEqual([record]);
      database.close();
      await expect(store.read([record.key])).rejects.toThrow('was closed while the application was running');
      database.open();
      expect(await store.read([record.key])).toEqual([record]);
      expect(await store.create([newRecord()])).toEqual([true]);
      database.close();
      await rm(folder, { recursive: true });
    });

    test('answers as ever, whatever it is set to', async () => {
      const database = new Database(':memory:', { returnArrays: true, readBigInts: true });
      database.exec(sessionTable('sqlite'));
      const store = new SqlSessionStore(database);
      const record = newRecord({ userId: 'ada' });
      await store.start();
      await store.create([record]);
      expect(await store.read([record.key])).toEqual([record]);
      expect(await store.count('ada', 0)).toBe(1);
      expect(await store.deleteAll()).toBe(1);
      database.close();
    });
  });
}
