import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type DataSource, DefaultNamingStrategy } from 'typeorm';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import {
  CreateSessionTable,
  SessionEntity,
  TypeOrmSessionStore,
} from '../../../../lib/stores/typeorm/index.js';
import { indexed } from '../../../../lib/stores/typeorm/session-columns.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../lib/testing/contract/records.js';
import type { TestDatabase } from '../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL, mysqlType } from '../../../support/mysql.js';
import { remedyOf } from '../sql/support/remedy.js';
import { connectMysql, type MysqlOptions, watchMysql } from '../sql/support/mysql-support.js';

/** Names that are not what the entity says. */
class LoudNames extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined, prefixes: string[]): string {
    return `C ${super.columnName(property, given!, prefixes).toUpperCase()}`;
  }
}

const CASES: Record<string, MysqlOptions> = {
  'as it is': {},
  'with a prefix and a naming strategy of its own': { entityPrefix: 'App-', namingStrategy: new LoudNames() },
};

(MYSQL_URL ? describe : describe.skip)('on MySQL or MariaDB', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  /** Under the other one's name TypeORM takes what the server says of columns for a difference, whatever the columns. */
  let type: 'mysql' | 'mariadb';

  beforeEach(async () => {
    database = await createMysqlDatabase();
    type = await mysqlType();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await dataSource.destroy();
    await database.drop();
  });

  async function open(options: MysqlOptions = {}): Promise<void> {
    dataSource = await connectMysql(database.url, { type, migrations: [CreateSessionTable], ...options });
  }

  /** What TypeORM would change to make the tables what the entities say. */
  async function pendingChanges(): Promise<string[]> {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  }

  /** The table as the server describes it; its indexes by what they are of, as their order is not ours. */
  async function definition(): Promise<string[]> {
    const table = dataSource.getMetadata(SessionEntity).tableName;
    const [row] = await dataSource.query<[Record<string, string>]>(`SHOW CREATE TABLE \`${table}\``);
    return row['Create Table']!.split(/,?\n/).sort();
  }

  describe.each(Object.entries(CASES))('the table %s', (_, options) => {
    test('is the same by migration as by synchronize, and neither wants to change it', async () => {
      await open(options);
      expect(await pendingChanges()).not.toEqual([]);
      await dataSource.runMigrations();
      expect(await pendingChanges()).toEqual([]);
      const byMigration = await definition();
      await dataSource.synchronize(true);
      expect(await pendingChanges()).toEqual([]);
      expect(await definition()).toEqual(byMigration);
      expect(byMigration.join()).toMatch(/longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL/);
    });

    test('serves the store, and goes with the migration undone', async () => {
      await open(options);
      await dataSource.runMigrations();
      const store = new TypeOrmSessionStore(dataSource);
      await store.start();
      const record = newRecord({ userId: 'ada', previousToken: 'before', data: '{"👍":"é"}' });
      expect(await store.create([record])).toEqual([true]);
      expect(await store.read([record.key, 'before'])).toEqual([record, undefined]);
      expect(await store.findByUser('ada', 0)).toHaveLength(1);
      expect(await store.prune(record.expiresAt, 10)).toBe(1);
      await dataSource.undoLastMigration();
      await expect(store.start()).rejects.toThrow('does not exist');
      await dataSource.runMigrations();
      await store.start();
    });
  });

  test('the migration leaves a table alone that exists, and works without the entity', async () => {
    await open({ entities: [] });
    await dataSource.runMigrations();
    await dataSource.destroy();
    await open();
    await new TypeOrmSessionStore(dataSource).create([newRecord()]);
    await new CreateSessionTable().up(dataSource.createQueryRunner());
    expect(await dataSource.getRepository(SessionEntity).count()).toBe(1);
    expect(await pendingChanges()).toEqual([]);
  });

  test('the entity reads as numbers and texts what the store wrote', async () => {
    await open({ synchronize: true });
    const record = newRecord({ version: Number.MAX_SAFE_INTEGER, userId: 'ünïcode 👍' });
    await new TypeOrmSessionStore(dataSource).create([record]);
    const entity = await dataSource.getRepository(SessionEntity).findOneByOrFail({ key: record.key });
    expect({ ...entity }).toEqual(record);
  });

  describe('start()', () => {
    const made = async (change: string): Promise<TypeOrmSessionStore> => {
      await open({ synchronize: true });
      await dataSource.query(`ALTER TABLE nest_session ${change}`);
      return new TypeOrmSessionStore(dataSource);
    };

    test.each([
      ['a text that ends at 64 KB', 'MODIFY data TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL'],
      [
        'a character set without emoji',
        'MODIFY meta LONGTEXT CHARACTER SET utf8mb3 COLLATE utf8mb3_bin NULL',
      ],
      [
        'a collation that does not tell a from A',
        'CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
      ],
      [
        'a column that is too short',
        'MODIFY user_id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL',
      ],
      ['a time that is too short', 'MODIFY expires_at INT NOT NULL'],
      ['a version that is too short', 'MODIFY version INT NOT NULL'],
    ])('refuses %s, with the statement that mends it', async (_, change) => {
      const store = await made(change);
      const refusal = await store.start().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SessionOptionsError);
      for (const statement of remedyOf(refusal)) await dataSource.query(statement);
      await store.start();
      expect(await pendingChanges()).toEqual([]);
    });

    test('takes a MEDIUMTEXT', async () => {
      const store = await made('MODIFY data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL');
      await store.start();
    });

    test('refuses a connection on which not every text survives', async () => {
      await open({ synchronize: true, charset: 'LATIN1_SWEDISH_CI' });
      const start = new TypeOrmSessionStore(dataSource).start();
      await expect(start).rejects.toThrow(/character set latin1.*charset: 'utf8mb4'/);
    });

    test.each([
      ['5.7.44-log', true],
      ['10.5.29-MariaDB', true],
      ['8.0.11', false],
      ['9.4.0', false],
      ['10.6.0-MariaDB-log', false],
      ['11.8.2-MariaDB', false],
    ])('of a server %s: it is too old: %p', async (version, isTooOld) => {
      await open({ synchronize: true });
      const server = [{ version, results: 'utf8mb4', packet: 1e7 }];
      watchMysql(dataSource, ({ sql }) => (sql.includes('VERSION()') ? server : undefined));
      const start = new TypeOrmSessionStore(dataSource).start();
      if (isTooOld) await expect(start).rejects.toThrow(`the server is ${version}`);
      else await expect(start).resolves.toBeUndefined();
    });

    test('says that the table is missing, and passes on what else the server has to say', async () => {
      await open();
      await expect(new TypeOrmSessionStore(dataSource).start()).rejects.toThrow(
        /does not exist.*CreateSessionTable/,
      );
      watchMysql(dataSource, () => Object.assign(new Error('denied'), { errno: 1142, sqlState: '42000' }));
      await expect(new TypeOrmSessionStore(dataSource).start()).rejects.toMatchObject({ errno: 1142 });
    });
  });

  test('works on when the DataSource is closed and opened again', async () => {
    await open({ synchronize: true });
    const store = new TypeOrmSessionStore(dataSource);
    await store.start();
    await dataSource.destroy();
    await expect(store.read(['k'])).rejects.toThrow('was closed while the application was running');
    await dataSource.initialize();
    await expect(store.read(['k'])).resolves.toEqual([undefined]);
  });

  test('with replication everything goes to the writable server', async () => {
    const replica = await createMysqlDatabase(); // far behind: it has no table yet
    await open({
      replication: { master: { url: database.url }, slaves: [{ url: replica.url }] },
      synchronize: true,
    });
    const store = new TypeOrmSessionStore(dataSource);
    await store.start();
    const record = newRecord({ userId: 'ada' });
    expect(await store.create([record])).toEqual([true]);
    expect(await store.read([record.key])).toEqual([record]);
    expect(await store.findByUser('ada', 0)).toHaveLength(1);
    expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
    await replica.drop();
  });

  test('every statement goes through an index', async () => {
    await open({ synchronize: true });
    const store = new TypeOrmSessionStore(dataSource);
    const records = newRecords(2_000).map((record, n) => ({
      ...record,
      userId: `user ${n % 200}`,
      expiresAt: record.expiresAt + n,
    }));
    await store.create(records);
    await dataSource.query('ANALYZE TABLE nest_session');
    const watched = watchMysql(dataSource);
    const some = records.slice(0, 50);
    const keys = some.map(({ key }) => key);
    const changes = some.map((record) => changeOf(record));
    await store.read([...keys, 'unknown']);
    expect(await store.update(changes)).toEqual(Array(50).fill(true));
    expect(await store.update(changes.map(({ next }) => touchOf(next, 1)))).toEqual(Array(50).fill(true));
    await store.findByUser('user 7', 0);
    await store.count('user 7', 0);
    await store.deleteOwned('user 7', keys);
    await store.delete(keys);
    await store.deleteByUser('user 7', []);
    await store.prune(records[100]!.expiresAt, 20);
    jest.restoreAllMocks();
    const looked = watched.sent.filter(({ sql }) => /^(SELECT|UPDATE|DELETE)/.test(sql));
    expect(looked.length).toBeGreaterThan(14);
    for (const { sql, values } of looked) {
      interface Step {
        table: string;
        type: string;
        key: string | null;
        rows: string;
      }
      const steps = await dataSource.query<Step[]>(`EXPLAIN ${sql}`, values as unknown[]);
      const step = steps.find(({ table }) => ['s', 'nest_session'].includes(table));
      // Of rows that are not there any more, the server knows without looking.
      if (step !== undefined)
        expect([sql.slice(0, 60), step.type]).toEqual([sql.slice(0, 60), expect.not.stringMatching('ALL')]);
    }
  });
});

test('where TypeORM does not say for which index it asks, columns stay as the entity says', () => {
  expect(indexed('userId').call(undefined)).toEqual(['userId']);
  expect(indexed('userId').call({})).toEqual(['userId']);
});
