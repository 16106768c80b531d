import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import { SessionEntity, TypeOrmSessionStore, typeOrmStore } from '../../../../lib/stores/typeorm/index.js';
import { newRecord } from '../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../support/database.js';
import { connect } from '../sql/support/support.js';

let database: TestDatabase;
const open: DataSource[] = [];

describe('options', () => {
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  afterEach(async () => {
    for (const dataSource of open.splice(0)) if (dataSource.isInitialized) await dataSource.destroy();
  });

  async function connected(...[options]: [Parameters<typeof connect>[1]?]): Promise<DataSource> {
    const dataSource = await connect(database.url, options);
    open.push(dataSource);
    return dataSource;
  }

  describe('options', () => {
    test('a driver that is not supported is refused by its name', () => {
      const dataSource = { options: { type: 'mssql' } } as DataSource;
      expect(() => new TypeOrmSessionStore(dataSource)).toThrow(SessionOptionsError);
      expect(() => new TypeOrmSessionStore(dataSource)).toThrow('does not support the "mssql" driver');
    });

    test('CockroachDB, on which nobody has tried it, is refused', () => {
      const dataSource = { options: { type: 'cockroachdb' } } as DataSource;
      expect(() => new TypeOrmSessionStore(dataSource)).toThrow(SessionOptionsError);
      expect(() => new TypeOrmSessionStore(dataSource)).toThrow('CockroachDB is not supported');
    });

    test.each([0, -1, NaN, Infinity, '1m', null])('pruneInterval: %p is refused', async (pruneInterval) => {
      const dataSource = await connected();
      const make = () => new TypeOrmSessionStore(dataSource, { pruneInterval: pruneInterval as number });
      expect(make).toThrow(SessionOptionsError);
      expect(make).toThrow('"pruneInterval"');
    });

    test.each([1, 60_000, false, undefined] as const)('pruneInterval: %p is taken', async (pruneInterval) => {
      const dataSource = await connected();
      const store = new TypeOrmSessionStore(dataSource, pruneInterval === undefined ? {} : { pruneInterval });
      expect(store.pruneInterval).toBe(pruneInterval);
    });

    test('typeOrmStore() asks for the DataSource, or for the one that is named', async () => {
      const dataSource = await connected();
      expect(typeOrmStore().inject).toEqual([{ token: DataSource, optional: true }]);
      const factory = typeOrmStore({ dataSource: 'sessions', pruneInterval: 5 });
      expect(factory.inject).toEqual([{ token: 'sessions', optional: true }]);
      expect(() => factory.useFactory(undefined as never)).toThrow(/found no sessions in the container/);
      const store = await factory.useFactory(dataSource as never);
      expect(store).toBeInstanceOf(TypeOrmSessionStore);
      expect(store).toHaveProperty('pruneInterval', 5);
    });
  });

  describe('start()', () => {
    test('says that the entity is missing, and where it belongs', async () => {
      const store = new TypeOrmSessionStore(await connected({ entities: [] }));
      await expect(store.start()).rejects.toThrow(SessionOptionsError);
      await expect(store.start()).rejects.toThrow('add it to "entities"');
    });

    test('says that the table is missing, and how to get it', async () => {
      const store = new TypeOrmSessionStore(await connected({ entityPrefix: 'missing_' }));
      await expect(store.start()).rejects.toThrow(SessionOptionsError);
      await expect(store.start()).rejects.toThrow(
        /missing_nest_session does not exist.*CreateSessionTable.*synchronize/s,
      );
    });

    test('says that the DataSource is not initialized', async () => {
      const dataSource = new DataSource({ type: 'postgres', url: database.url, entities: [SessionEntity] });
      await expect(new TypeOrmSessionStore(dataSource).start()).rejects.toThrow(
        'call dataSource.initialize()',
      );
    });

    test('names the privileges that the database user lacks', async () => {
      const dataSource = await connected({ synchronize: true });
      await dataSource.query(`CREATE ROLE stranger_${process.pid} LOGIN PASSWORD 'stranger'`);
      const url = new URL(database.url);
      url.username = `stranger_${process.pid}`;
      url.password = 'stranger';
      const stranger = await connect(url.href);
      open.push(stranger);
      await expect(new TypeOrmSessionStore(stranger).start()).rejects.toThrow(/lacks privileges.+GRANT/s);
      await stranger.destroy();
      await dataSource.query(`DROP ROLE stranger_${process.pid}`);
    });

    test('is content with a table that is there', async () => {
      await expect(
        new TypeOrmSessionStore(await connected({ synchronize: true })).start(),
      ).resolves.toBeUndefined();
    });
  });

  test('works on when the DataSource is closed and opened again', async () => {
    const dataSource = await connected({ synchronize: true });
    const store = new TypeOrmSessionStore(dataSource);
    await store.start();
    await dataSource.destroy();
    await expect(store.read(['k'])).rejects.toThrow('was closed while the application was running');
    await dataSource.initialize();
    await expect(store.read(['k'])).resolves.toEqual([undefined]);
  });

  test('with replication everything goes to the writable server', async () => {
    const replica = await createDatabase(); // far behind: it has no table yet
    const dataSource = await connected({
      replication: { master: { url: database.url }, slaves: [{ url: replica.url }] },
      synchronize: true,
    });
    const store = new TypeOrmSessionStore(dataSource);
    const record = newRecord({ userId: 'ada' });
    await expect(store.create([record])).resolves.toEqual([true]);
    await expect(store.read([record.key])).resolves.toEqual([record]);
    await expect(store.findByUser('ada', 0)).resolves.toHaveLength(1);
    await expect(store.count('ada', 0)).resolves.toBe(1);
    await dataSource.destroy();
    await replica.drop();
  });

  describe('a pool with binary: true, under which pg reads numbers wrongly', () => {
    test('is refused at the start, with what to do', async () => {
      await connected({ synchronize: true });
      const store = new TypeOrmSessionStore(await connected({ extra: { binary: true } }));
      await expect(store.start()).rejects.toThrow(SessionOptionsError);
      await expect(store.start()).rejects.toThrow(/binary: true.+remove the setting/);
    });

    test('is refused where the store is used without a start', async () => {
      await connected({ synchronize: true });
      const store = new TypeOrmSessionStore(await connected({ extra: { binary: true } }));
      await expect(store.read([newRecord().key])).rejects.toThrow(SessionOptionsError);
    });

    test('binary: false is what there is without it', async () => {
      const store = new TypeOrmSessionStore(await connected({ synchronize: true, extra: { binary: false } }));
      const record = newRecord();
      await store.start();
      await store.create([record]);
      expect(await store.read([record.key])).toEqual([record]);
    });
  });
});
