import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import {
  CreateSessionTable,
  SessionEntity,
  TypeOrmSessionStore,
} from '../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../lib/testing/contract/records.js';
import { betterSqlite3 } from '../../../support/better-sqlite3.js';
import { failsAloneWhenChanged, failsAloneWhenCreated, sendSecrets } from '../sql/support/refused-records.js';
import { Capture } from '../sql/support/support.js';

type Options = Extract<DataSourceOptions, { type: 'sqljs' | 'better-sqlite3' }>;

const DRIVERS: Record<string, ((folder: string) => Options) | undefined> = {
  'sql.js': () => ({ type: 'sqljs' }),
  'better-sqlite3':
    betterSqlite3 &&
    ((folder) => ({ type: 'better-sqlite3', database: join(folder, 'db'), ...betterSqlite3 })),
};

let folder: string;
const sources: DataSource[] = [];

describe('sqlite', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-session-sqlite-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const source of sources.splice(0)) if (source.isInitialized) await source.destroy();
    await rm(folder, { recursive: true });
  });

  async function connect(options: Options): Promise<DataSource> {
    const source = new DataSource({
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      ...options,
    });
    sources.push(source);
    return source.initialize();
  }

  describe.each(Object.entries(DRIVERS))('on SQLite, through %s', (_, driver) => {
    const on = driver ? test : test.skip;
    const open = (options: Partial<Options> = {}): Promise<DataSource> =>
      connect({ ...driver!(folder), synchronize: true, ...options } as Options);

    async function pendingChanges(source: DataSource): Promise<string[]> {
      const { upQueries } = await source.driver.createSchemaBuilder().log();
      return upQueries.map(({ query }) => query);
    }

    on('the table is the same by migration as by synchronize, and neither wants to change it', async () => {
      const source = await open({ synchronize: false, entityPrefix: 'App-' });
      const definition = () =>
        source.query(`SELECT name, sql FROM sqlite_master WHERE tbl_name = 'App-nest_session' ORDER BY name`);
      expect(await pendingChanges(source)).not.toEqual([]);
      await source.runMigrations();
      expect(await pendingChanges(source)).toEqual([]);
      const byMigration = await definition();
      await source.undoLastMigration();
      await expect(new TypeOrmSessionStore(source).start()).rejects.toThrow('does not exist');
      await source.synchronize(true);
      expect(await definition()).toEqual(byMigration);
      expect(await pendingChanges(source)).toEqual([]);
      await new TypeOrmSessionStore(source).start();
    });

    on(
      '50 sessions are created, read, changed, touched and removed by one statement each, through indexes',
      async () => {
        const source = await open();
        const store = new TypeOrmSessionStore(source);
        const sent = watch(source);
        const records = newRecords(50, { userId: 'ada' });
        const changes = records.map((record) => changeOf(record));
        const keys = records.map(({ key }) => key);
        await store.create(records);
        await store.read(keys);
        await store.update(changes);
        await store.update(changes.map(({ next }) => touchOf(next, 1)));
        await store.delete(keys);
        expect(sent.map((sql) => /INSERT|SELECT "|UPDATE|DELETE/.exec(sql)![0])).toEqual([
          'INSERT',
          'SELECT "',
          'UPDATE',
          'UPDATE',
          'DELETE',
        ]);
        await store.read(['unknown']);
        await store.findByUser('ada', 0);
        await store.count('ada', 0);
        await store.deleteOwned('ada', ['k']);
        await store.deleteByUser('ada', ['k']);
        await store.prune(0, 10);
        expect(sent).toHaveLength(11);
        jest.restoreAllMocks();
        for (const sql of sent.filter((some) => !some.startsWith('INSERT'))) {
          const parameters = Array.from(sql.matchAll(/\?/g), () => '[]');
          const steps = await source.query<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${sql}`, parameters);
          const plan = steps.map(({ detail }) => detail).join('\n');
          expect(plan).toMatch(/SEARCH (s|nest_session) USING/);
          expect(plan).not.toMatch(/SCAN (s|nest_session)|AUTOMATIC/);
        }
      },
    );

    const refusals = {
      'for the length of a column': { userId: 'u'.repeat(256) },
      'for the type of a column': { lastSeenAt: 1.5 },
      'for the range of a column': { epoch: 2 ** 31 },
      'for the range of its version': { version: 2 ** 53 },
      'for a constraint': { data: '{"rude":true}' },
      'for a NUL': { userAgent: 'a\0b' },
    };

    on.each(Object.entries(refusals))('a session that cannot be stored %s fails alone', async (_, fields) => {
      const source = await open({ synchronize: false });
      await source.runMigrations();
      await source.query(
        `CREATE TRIGGER rude BEFORE INSERT ON nest_session WHEN new.data LIKE '%rude%' BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: rude'); END`,
      );
      await source.query(
        `CREATE TRIGGER rude2 BEFORE UPDATE ON nest_session WHEN new.data LIKE '%rude%' BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: rude'); END`,
      );
      const store = new TypeOrmSessionStore(source);
      await failsAloneWhenCreated(store, fields);
      await failsAloneWhenChanged(store, fields);
    });

    on('what is written while the application is in a transaction is not undone with that', async () => {
      const source = await open();
      const store = new TypeOrmSessionStore(source);
      const ended = newRecord();
      await store.create([ended]);
      const runner = source.createQueryRunner();
      await runner.startTransaction();
      const record = newRecord();
      const created = store.create([record]);
      const gone = store.delete([ended.key]);
      expect(await store.read([ended.key])).toEqual([ended]); // a read waits for nobody
      await runner.rollbackTransaction();
      expect([await created, await gone]).toEqual([[true], [true]]);
      expect(await store.read([record.key, ended.key])).toEqual([record, undefined]);
    });

    on('a transaction that does not end is an error', async () => {
      const source = await open();
      const store = new TypeOrmSessionStore(source);
      const runner = source.createQueryRunner();
      await runner.startTransaction();
      await expect(store.delete(['k'])).rejects.toThrow('keep transactions short');
      await runner.rollbackTransaction();
    });

    on('works on when the DataSource is closed and opened again', async () => {
      const source = await open();
      const store = new TypeOrmSessionStore(source);
      await store.start();
      await source.destroy();
      await expect(store.read(['k'])).rejects.toThrow('was closed while the application was running');
      await source.initialize();
      await expect(store.read(['k'])).resolves.toEqual([undefined]);
    });

    on('the query log of TypeORM holds no session data and no handle', async () => {
      const logger = new Capture();
      const source = await open({ logging: true, logger, maxQueryExecutionTime: 1 });
      const store = new TypeOrmSessionStore(source);
      await source.query('SELECT 1 AS logged');
      const keys = await sendSecrets(store, { userId: 'SECRET'.repeat(99) });
      const log = logger.lines.join('\n');
      expect(log).toContain('SELECT 1 AS logged');
      for (const secret of ['SECRET', ...keys]) expect(log).not.toContain(secret);
    });
  });

  describe('on SQLite, through sql.js', () => {
    test('what was written is saved where the application wants it', async () => {
      const saved: Uint8Array[] = [];
      const source = await connect({
        type: 'sqljs',
        synchronize: true,
        autoSave: true,
        autoSaveCallback: (data: Uint8Array) => void saved.push(data),
      });
      const record = newRecord();
      expect(await new TypeOrmSessionStore(source).create([record])).toEqual([true]);
      const restored = await connect({ type: 'sqljs', database: saved.at(-1)! });
      expect(await new TypeOrmSessionStore(restored).read([record.key])).toEqual([record]);
    });
  });

  interface Connection {
    prepare(sql: string): Statement;
  }

  interface Statement {
    readonly reader: boolean;
    all(...parameters: unknown[]): unknown;
    run(...parameters: unknown[]): unknown;
  }

  /** Notes what runs on the connection of a `DataSource`. */
  function watch(source: DataSource): string[] {
    const { databaseConnection } = source.driver as unknown as { databaseConnection: Connection };
    const sent: string[] = [];
    const prepare = databaseConnection.prepare.bind(databaseConnection);
    jest.spyOn(databaseConnection, 'prepare').mockImplementation((sql) => {
      const statement = prepare(sql);
      if (source.options.type === 'sqljs') {
        sent.push(sql); // which is prepared anew each time
        return statement;
      }
      const noted =
        (method: 'all' | 'run') =>
        (...parameters: unknown[]) => {
          sent.push(sql);
          return statement[method](...parameters);
        };
      return { reader: statement.reader, all: noted('all'), run: noted('run') };
    });
    return sent;
  }
});
