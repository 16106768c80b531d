import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { inspect } from 'node:util';
import type { DataSource } from 'typeorm';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../../support/database.js';
import {
  failsAloneWhenChanged,
  failsAloneWhenCreated,
  sendSecrets,
  shownOf,
} from '../support/refused-records.js';
import { answerStatements, Capture, connect, watchStatements } from '../support/support.js';

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;
const logger = new Capture();

describe('statements', () => {
  beforeAll(async () => {
    database = await createDatabase();
    dataSource = await connect(database.url, {
      synchronize: true,
      logging: true,
      maxQueryExecutionTime: 1,
      logger,
    });
    await dataSource.query(
      `ALTER TABLE nest_session ADD CONSTRAINT no_rudeness CHECK (data NOT LIKE '%rude%')`,
    );
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(() => {
    store = new TypeOrmSessionStore(dataSource);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  describe('the number of statements', () => {
    const records = newRecords(50);
    const keys = records.map(({ key }) => key);

    test('50 sessions are created, read, changed, touched and removed by one each', async () => {
      const watched = watchStatements(dataSource);
      const changes = records.map((record) => changeOf(record));
      await store.create(records);
      await store.read(keys);
      await store.update(changes);
      await store.update(changes.map(({ next }) => touchOf(next, 1)));
      await store.delete(keys);
      expect(watched.sent.map(({ text }) => text.slice(0, 6))).toEqual([
        'INSERT',
        'SELECT',
        'UPDATE',
        'UPDATE',
        'DELETE',
      ]);
    });

    test('a session that is not there is looked for once', async () => {
      const watched = watchStatements(dataSource);
      await store.read([...keys, ...keys]);
      await store.read([keys[0]!]);
      expect(watched.sent).toHaveLength(2);
    });

    test('one more says which of the changes that did not hold never will', async () => {
      await store.create(records);
      const watched = watchStatements(dataSource);
      const outcomes = await store.update(records.map((record) => ({ ...changeOf(record), version: 7 })));
      expect(new Set(outcomes)).toEqual(new Set([false]));
      expect(watched.sent.map(({ text }) => text.slice(0, 6))).toEqual(['UPDATE', 'SELECT']);
      await store.delete(keys);
    });

    test('a touch sends no data', async () => {
      const record = newRecord({ data: '{"large":"secret"}' });
      await store.create([record]);
      const watched = watchStatements(dataSource);
      await store.update([touchOf(record, 1)]);
      expect(inspect(watched.sent, { depth: 5 })).not.toContain('secret');
      expect((await store.read([record.key]))[0]?.data).toBe(record.data);
    });

    test('very large sessions are not put into one', async () => {
      const large = newRecords(20, { data: JSON.stringify({ text: 'x'.repeat(1024 * 1024) }) });
      const watched = watchStatements(dataSource);
      expect(await store.create(large)).toEqual(Array(20).fill(true));
      expect(watched.sent).toHaveLength(2);
      await store.delete(large.map(({ key }) => key));
    });
  });

  describe('a session that the database refuses', () => {
    const refusals = {
      'by the length of a column': { userId: 'u'.repeat(256) },
      'by the type of a column': { lastSeenAt: 1.5 },
      'by a constraint': { data: '{"rude":true}' },
      'by its encoding': { userAgent: 'a\0b' },
    };

    test.each(Object.entries(refusals))('%s fails alone when it is created', async (_, fields) => {
      const watched = watchStatements(dataSource);
      await failsAloneWhenCreated(store, fields);
      expect(watched.sent.length).toBeLessThan(16);
    });

    test.each(Object.entries(refusals))('%s fails alone when it is changed', (_, fields) =>
      failsAloneWhenChanged(store, fields),
    );

    test('is not quoted in its error', async () => {
      const record = newRecord({ data: '{"rude":"my secret"}', userId: 'ada' });
      const [created] = await store.create([record]);
      expect(created).toMatchObject({ code: '23514' });
      expect(shownOf(created)).not.toMatch(/my secret|Failing row/);
    });
  });

  describe('a fault of the whole store', () => {
    const broken = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

    test('rejects', async () => {
      answerStatements(dataSource, () => Promise.reject(broken));
      const record = newRecord();
      await expect(store.read([record.key])).rejects.toBe(broken);
      await expect(store.create([record])).rejects.toBe(broken);
      await expect(store.update([changeOf(record)])).rejects.toBe(broken);
      await expect(store.delete([record.key])).rejects.toBe(broken);
      await expect(store.prune(0, 1)).rejects.toBe(broken);
    });

    test('after a part was stored it is a fault of the others alone', async () => {
      const records = [newRecord(), newRecord(), newRecord({ data: '{"rude":true}' }), newRecord()];
      answerStatements(dataSource, (config, send, count) =>
        count > 2 ? Promise.reject(broken) : send(config),
      );
      expect(await store.create(records)).toEqual([true, true, broken, broken]);
    });

    test('that strikes while it looks for locked rows is not taken for a conflict', async () => {
      const [held, gone] = [newRecord(), newRecord()];
      await store.create([held]);
      answerStatements(dataSource, (config, send, count) =>
        count > 1 ? Promise.reject(broken) : send(config),
      );
      expect(await store.update([changeOf(held), changeOf(gone)])).toEqual([true, broken]);
    });
  });

  test.each(['40P01', '40001'])('a statement that gave way to another (%s) is tried again', async (code) => {
    const gaveWay = Object.assign(new Error('gave way'), { code });
    const answered = answerStatements(dataSource, (config, send, count) =>
      count < 3 ? Promise.reject(gaveWay) : send(config),
    );
    await expect(store.deleteByUser('nobody', [])).resolves.toEqual([]);
    expect(answered.count).toBe(3);
  });

  test('a statement that gives way again and again fails in the end', async () => {
    const gaveWay = Object.assign(new Error('gave way'), { code: '40P01' });
    const answered = answerStatements(dataSource, () => Promise.reject(gaveWay));
    await expect(store.deleteAll()).rejects.toBe(gaveWay);
    expect(answered.count).toBe(5);
  });

  test('texts with the characters that stand between texts come back as they were', async () => {
    const records = newRecords(2, { data: '{"a":"\x1f"}', meta: '\x1e\x1f' });
    expect(await store.create(records)).toEqual([true, true]);
    expect(await store.read(records.map(({ key }) => key))).toEqual(records);
  });

  test('a create that names a key twice stores it once', async () => {
    const record = newRecord();
    expect(await store.create([record, { ...record, data: '{"other":1}' }])).toEqual([true, false]);
  });

  test('the query log of TypeORM holds no session data and no handle', async () => {
    await dataSource.query('SELECT 1 AS logged');
    const keys = await sendSecrets(store, { data: '{"rude":"SECRET-7"}' });
    const log = logger.lines.join('\n');
    expect(log).toContain('SELECT 1 AS logged');
    for (const secret of ['SECRET', ...keys]) expect(log).not.toContain(secret);
  });
});
