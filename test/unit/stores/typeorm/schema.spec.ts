import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runInThisContext } from 'node:vm';
import { type DataSource, DefaultNamingStrategy, type DataSourceOptions, type Table } from 'typeorm';
import {
  CreateSessionTable,
  CreateSessionTable1763712000000,
  SessionEntity,
  TypeOrmSessionStore,
} from '../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord } from '../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../support/database.js';
import { connect } from '../sql/support/support.js';

class LoudNames extends DefaultNamingStrategy {
  override indexName(table: Table | string, columns: string[]): string {
    return `I ${typeof table === 'string' ? table : table.name} ${columns.join()}`;
  }

  override tableName(target: string, given: string | undefined): string {
    return `T ${super.tableName(target, given).toUpperCase()}`;
  }

  override columnName(property: string, given: string | undefined, prefixes: string[]): string {
    return `C ${super.columnName(property, given!, prefixes).toUpperCase()}`;
  }
}

type Options = Partial<Extract<DataSourceOptions, { type: 'postgres' }>>;

const CASES: Record<string, Options> = {
  'as it is': {},
  'in a schema': { schema: 'sessions' },
  'in a schema whose name needs quotes': { schema: 'My Sessions' },
  'with a prefix': { entityPrefix: 'app_' },
  'in a schema with a prefix': { schema: 'sessions', entityPrefix: 'App-' },
  'with a naming strategy of its own': { namingStrategy: new LoudNames() },
  'with all of them': { schema: 'sessions', entityPrefix: 'app_', namingStrategy: new LoudNames() },
};

let database: TestDatabase;
let dataSource: DataSource;

describe('schema', () => {
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  async function open(options: Options): Promise<void> {
    const admin = await connect(database.url, { entities: [] });
    if (options.schema !== undefined) await admin.query(`CREATE SCHEMA IF NOT EXISTS "${options.schema}"`);
    await admin.destroy();
    dataSource = await connect(database.url, { migrations: [CreateSessionTable], ...options });
  }

  /** What TypeORM would change to make the tables what the entities say. */
  async function pendingChanges(): Promise<string[]> {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  }

  describe.each(Object.entries(CASES))('the table %s', (_, options) => {
    test('is the same by migration as by synchronize', async () => {
      await open(options);
      expect(await pendingChanges()).not.toEqual([]);
      await dataSource.runMigrations();
      expect(await pendingChanges()).toEqual([]);
    });

    test('serves the store, by migration and by synchronize', async () => {
      await open(options);
      const record = newRecord({ userId: 'ada', previousToken: 'before', previousUntil: 5 });
      const serves = async (): Promise<void> => {
        const store = new TypeOrmSessionStore(dataSource);
        await store.start();
        expect(await store.create([record])).toEqual([true]);
        expect(await store.read([record.key, 'before'])).toEqual([record, undefined]);
        expect(await store.update([changeOf(record, { version: Number.MAX_SAFE_INTEGER })])).toEqual([true]);
        expect(await store.findByUser('ada', 0)).toHaveLength(1);
        expect(await store.prune(record.expiresAt, 10)).toBe(1);
      };
      await dataSource.runMigrations();
      await serves();
      await dataSource.synchronize(true);
      await serves();
    });

    test('goes with the migration undone', async () => {
      await open(options);
      await dataSource.runMigrations();
      await dataSource.undoLastMigration();
      await expect(new TypeOrmSessionStore(dataSource).start()).rejects.toThrow('does not exist');
      await dataSource.runMigrations();
      await new TypeOrmSessionStore(dataSource).start();
    });
  });

  test('two prefixes share a schema', async () => {
    await open({ entityPrefix: 'one_' });
    await dataSource.runMigrations();
    await dataSource.destroy();
    dataSource = await connect(database.url, {
      entityPrefix: 'two_',
      migrations: [CreateSessionTable],
      migrationsTableName: 'two_migrations',
    });
    await dataSource.runMigrations();
    await new TypeOrmSessionStore(dataSource).start();
  });

  test('the migration leaves a table alone that exists', async () => {
    await open({});
    await dataSource.synchronize();
    await new TypeOrmSessionStore(dataSource).create([newRecord()]);
    await dataSource.runMigrations();
    expect(await dataSource.getRepository(SessionEntity).count()).toBe(1);
  });

  test('the migration works where the entity is not among the entities', async () => {
    await open({ entities: [] });
    await dataSource.runMigrations();
    expect(await dataSource.query('SELECT count(*)::int AS count FROM nest_session')).toEqual([{ count: 0 }]);
  });

  test('the migration has the time of its name', async () => {
    await open({});
    expect(CreateSessionTable1763712000000).toBe(CreateSessionTable);
    expect(new CreateSessionTable().name).toBe('CreateSessionTable1763712000000');
  });

  test('the entity reads as numbers what the store wrote', async () => {
    await open({});
    await dataSource.synchronize();
    const record = newRecord({ previousUntil: 1_763_712_000_123, version: Number.MAX_SAFE_INTEGER });
    await new TypeOrmSessionStore(dataSource).create([record]);
    const entity = await dataSource.getRepository(SessionEntity).findOneByOrFail({ key: record.key });
    expect({ ...entity }).toEqual(record);
  });

  describe('wherever the clocks are', () => {
    // Jest gives tests a copy of `process`, and only the real one moves the time zone.
    const setZone = (zone: string): void => {
      runInThisContext(`process.env.TZ = ${JSON.stringify(zone)}`);
    };
    const zone = process.env.TZ;
    beforeAll(() => setZone('America/St_Johns'));
    afterAll(() => {
      if (zone === undefined) runInThisContext('delete process.env.TZ');
      else setZone(zone);
    });

    test('times are exact', async () => {
      expect(new Date(2025, 6, 1).getTimezoneOffset()).toBe(150);
      await open({ extra: { options: '-c TimeZone=Asia/Kathmandu' } });
      expect(await dataSource.query('SHOW TimeZone')).toEqual([{ TimeZone: 'Asia/Kathmandu' }]);
      await dataSource.runMigrations();
      const store = new TypeOrmSessionStore(dataSource);
      const record = newRecord({
        createdAt: 1_743_300_000_001,
        expiresAt: 1_761_440_400_007,
        authenticatedAt: 0,
      });
      await store.create([record]);
      expect(await store.read([record.key])).toEqual([record]);
      expect(await dataSource.query('SELECT created_at, expires_at FROM nest_session')).toEqual([
        { created_at: '1743300000001', expires_at: '1761440400007' },
      ]);
      expect(await store.count(undefined, 1_761_440_400_006)).toBe(1);
      expect(await store.count(undefined, 1_761_440_400_007)).toBe(0);
    });
  });
});
