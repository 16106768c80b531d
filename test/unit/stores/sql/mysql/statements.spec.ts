import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../../lib/testing/contract/records.js';
import type { TestDatabase } from '../../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../../../support/mysql.js';
import { connectMysql, kinds, watchMysql } from '../support/mysql-support.js';
import {
  failsAloneWhenChanged,
  failsAloneWhenCreated,
  sendSecrets,
  shownOf,
} from '../support/refused-records.js';
import { Capture } from '../support/support.js';

(MYSQL_URL ? describe : describe.skip)('on MySQL or MariaDB', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: TypeOrmSessionStore;
  const logger = new Capture();

  beforeAll(async () => {
    database = await createMysqlDatabase();
    dataSource = await connectMysql(database.url, {
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

    test('50 sessions are created, read, changed, touched and removed by one each, and one that locks', async () => {
      const watched = watchMysql(dataSource);
      const changes = records.map((record) => changeOf(record));
      await store.create(records);
      await store.read(keys);
      expect(kinds(watched).splice(0)).toEqual(['INSERT', 'SELECT']);
      watched.sent.length = 0;
      await store.update(changes);
      await store.update(changes.map(({ next }) => touchOf(next, 1)));
      expect(kinds(watched)).toEqual(['SELECT', 'UPDATE', 'SELECT', 'UPDATE']);
      watched.sent.length = 0;
      await store.delete(keys);
      expect(kinds(watched)).toEqual(['SELECT', 'DELETE']);
    });

    test('a touch sends no data', async () => {
      const record = newRecord({ data: '{"large":"secret"}' });
      await store.create([record]);
      const watched = watchMysql(dataSource);
      await store.update([touchOf(record, 1)]);
      const sent = watched.sent.flatMap(({ values }) => values.map(String));
      expect(sent.join()).toContain(record.key);
      expect(sent.join()).not.toContain('secret');
      expect((await store.read([record.key]))[0]?.data).toBe(record.data);
    });

    test('sessions that are too many for one packet are not put into one', async () => {
      await store.start();
      const large = newRecords(12, { data: JSON.stringify({ text: 'é'.repeat(512 * 1024) }) });
      const watched = watchMysql(dataSource);
      expect(await store.create(large)).toEqual(Array(12).fill(true));
      expect(watched.sent.length).toBeGreaterThan(1);
      await store.delete(large.map(({ key }) => key));
    });

    test('no statement is longer than a server allows that allows less than is usual', async () => {
      const server = { version: '11.4.2-MariaDB', results: 'utf8mb4', packet: 2 ** 20, engine: 'InnoDB' };
      const watched = watchMysql(dataSource, ({ sql }) =>
        sql.includes('@@max_allowed_packet') ? [server] : undefined,
      );
      await store.start();
      watched.sent.length = 0;
      const large = newRecords(12, { data: JSON.stringify({ text: 'x'.repeat(100 * 1024) }) });
      expect(await store.create(large)).toEqual(Array(12).fill(true));
      expect(kinds(watched)).toEqual(Array(4).fill('INSERT'));
      await store.delete(large.map(({ key }) => key));
    });

    test('a session that is too large for a packet fails alone, and says why', async () => {
      await store.start();
      const [{ packet }] = await dataSource.query<[{ packet: string }]>(
        'SELECT @@max_allowed_packet AS packet',
      );
      const good = newRecord();
      const large = newRecord({ data: JSON.stringify({ text: 'x'.repeat(Number(packet) / 2) }) });
      const watched = watchMysql(dataSource);
      const tooLarge: unknown = expect.objectContaining({
        message: expect.stringContaining('max_allowed_packet'),
      });
      expect(await store.create([good, large])).toEqual([true, tooLarge]);
      expect(watched).toMatchObject({ errors: [], destroyed: 0 });
    });
  });

  describe('a session that cannot be stored', () => {
    const refusals = {
      'for the length of a column': { userId: 'u'.repeat(256) },
      'for the type of a column': { lastSeenAt: 1.5 },
      'for the range of a column': { epoch: 2 ** 31 },
      'for the range of its version': { version: 2 ** 53 },
      'for a constraint': { data: '{"rude":true}' },
      'for a NUL': { userAgent: 'a\0b' },
    };

    describe.each(['STRICT_TRANS_TABLES', ''])('with sql_mode "%s"', (mode) => {
      let lax: DataSource;
      beforeAll(async () => {
        lax = await connectMysql(database.url, { poolSize: 1 });
        await lax.query(`SET SESSION sql_mode = '${mode}'`);
      });
      afterAll(() => lax.destroy());

      test.each(Object.entries(refusals))('%s fails alone when it is created', (_, fields) =>
        failsAloneWhenCreated(new TypeOrmSessionStore(lax), fields),
      );

      test.each(Object.entries(refusals))('%s fails alone when it is changed', (_, fields) =>
        failsAloneWhenChanged(new TypeOrmSessionStore(lax), fields),
      );
    });

    test('is not quoted in its error', async () => {
      const refused = newRecord({ data: '{"rude":"my secret"}', userId: 'ada' });
      const long = newRecord({ userId: 'my secret'.repeat(100) });
      const outcomes = await store.create([refused, long]);
      expect(outcomes).toEqual([expect.any(Error), expect.any(Error)]);
      expect(outcomes[1]).toMatchObject({ message: expect.stringContaining('"userId"') });
      expect(outcomes.map(shownOf).join()).not.toContain('secret');
    });

    test('is not quoted where the server quotes it', async () => {
      const quoting = Object.assign(new Error(`Incorrect value: 'my 'secret'' for column 'data'`), {
        errno: 1366,
        code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
        sqlState: 'HY000',
        sqlMessage: `Incorrect value: 'my secret' for column 'data'`,
        sql: 'INSERT my secret',
      });
      watchMysql(dataSource, ({ sql }) => (sql.startsWith('INSERT') ? quoting : undefined));
      const [outcome] = await store.create([newRecord()]);
      expect(outcome).toBe(quoting);
      expect(shownOf(outcome)).toContain('Error: ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: ');
      expect(shownOf(outcome)).not.toContain('secret');
    });
  });

  test('texts are taken for nothing but texts, whatever the sql_mode says about backslashes', async () => {
    const odd = await connectMysql(database.url, { poolSize: 1 });
    await odd.query(`SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'`);
    const text = String.raw`\'; DROP TABLE nest_session; -- "\"`;
    const record = newRecord({ data: JSON.stringify({ text }), userId: text, userAgent: text });
    const oddStore = new TypeOrmSessionStore(odd);
    expect(await oddStore.create([record])).toEqual([true]);
    expect(await oddStore.read([record.key])).toEqual([record]);
    expect(await oddStore.findByUser(text, 0)).toHaveLength(1);
    expect(await oddStore.read([text])).toEqual([undefined]);
    await odd.destroy();
  });

  test('keys and users are compared to the last blank', async () => {
    const record = newRecord({ key: 'Key', userId: 'ada' });
    await store.create([record]);
    for (const key of ['Key ', 'key']) {
      expect(await store.read([key])).toEqual([undefined]);
      expect(await store.delete([key])).toEqual([false]);
      expect(await store.deleteOwned('ada', [key])).toEqual([false]);
      expect(await store.update([{ ...changeOf(record), key }])).toEqual([false]);
    }
    expect(await store.create([newRecord({ key: 'Key ' })])).toEqual([
      expect.objectContaining({ errno: 1062 }),
    ]);
    for (const user of ['ada ', 'Ada']) {
      expect(await store.count(user, 0)).toBe(0);
      expect(await store.findByUser(user, 0)).toEqual([]);
      expect(await store.deleteOwned(user, ['Key'])).toEqual([false]);
      expect(await store.deleteByUser(user, [])).toEqual([]);
    }
    expect(await store.deleteByUser('ada', ['key', 'Key '])).toEqual(['Key']);
  });

  describe('a fault of the whole store', () => {
    const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104 });
    const failed: unknown = expect.objectContaining({ message: 'read ECONNRESET', code: 'ECONNRESET' });

    test('rejects, and its connection is not used again', async () => {
      const watched = watchMysql(dataSource, () => broken);
      const record = newRecord();
      await expect(store.read([record.key])).rejects.toEqual(failed);
      await expect(store.create([record])).rejects.toEqual(failed);
      await expect(store.update([changeOf(record)])).rejects.toEqual(failed);
      await expect(store.delete([record.key])).rejects.toEqual(failed);
      await expect(store.prune(0, 1)).rejects.toEqual(failed);
      expect(watched.destroyed).toBe(5);
    });

    test('in the middle of a change leaves nothing half done', async () => {
      const records = newRecords(2);
      await store.create(records);
      watchMysql(dataSource, ({ sql }) => (sql === 'COMMIT' ? broken : undefined));
      const changes = [changeOf(records[0]!), touchOf(records[1]!, 5)];
      await expect(store.update(changes)).rejects.toEqual(failed);
      jest.restoreAllMocks();
      expect(await store.read(records.map(({ key }) => key))).toEqual(records);
    });

    test('after a part was stored it is a fault of the others alone', async () => {
      const records = [newRecord(), newRecord(), newRecord({ data: '{"rude":true}' }), newRecord()];
      watchMysql(dataSource, (_, count) => (count > 2 ? broken : undefined));
      expect(await store.create(records)).toEqual([true, true, failed, failed]);
    });
  });

  test.each([1213, 1205, 1020])(
    'what gave way to others (error %d) is tried again, all of it',
    async (errno) => {
      const record = newRecord();
      await store.create([record]);
      const gaveWay = Object.assign(new Error('gave way'), { errno, sqlState: '40001' });
      let times = 0;
      const watched = watchMysql(dataSource, ({ sql }) =>
        sql.startsWith('UPDATE') && ++times < 3 ? gaveWay : undefined,
      );
      const change = changeOf(record);
      expect(await store.update([change])).toEqual([true]);
      expect(kinds(watched)).toEqual([
        'SELECT',
        'UPDATE',
        'ROLLBACK',
        'SELECT',
        'UPDATE',
        'ROLLBACK',
        'SELECT',
        'UPDATE',
      ]);
      expect(await store.read([record.key])).toEqual([change.next]);
    },
  );

  test('what gives way again and again fails in the end', async () => {
    const gaveWay = Object.assign(new Error('gave way'), { errno: 1213, sqlState: '40001' });
    const watched = watchMysql(dataSource, () => gaveWay);
    await expect(store.deleteAll()).rejects.toMatchObject({ errno: 1213 });
    expect(watched.sent).toHaveLength(5);
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
    for (const secret of ['SECRET', Buffer.from('SECRET').toString('hex'), ...keys])
      expect(log).not.toContain(secret);
  });
});
