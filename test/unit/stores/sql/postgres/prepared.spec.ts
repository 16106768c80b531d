import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import type { SessionRecord } from '../../../../../lib/index.js';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord } from '../../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../../support/database.js';
import { connect, poolOf, watchStatements } from '../support/support.js';

/** A statement as the server has it prepared on a connection. */
interface Prepared {
  readonly name: string;
  /** How often it was run. */
  readonly runs: number;
}

const PREPARED = `SELECT name, (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements WHERE statement LIKE 'SELECT %FROM "nest_session"%'`;

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;
let record: SessionRecord;

describe('prepared', () => {
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  beforeEach(async () => {
    dataSource = await connect(database.url, { synchronize: true, poolSize: 2 });
    store = new TypeOrmSessionStore(dataSource);
    record = newRecord();
    await store.create([record]);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await dataSource.destroy();
  });

  /** Takes every connection of the pool for a while. */
  async function withConnections<Result>(
    work: (connections: readonly pg.PoolClient[]) => Promise<Result>,
  ): Promise<Result> {
    const connections = await Promise.all([poolOf(dataSource).connect(), poolOf(dataSource).connect()]);
    try {
      return await work(connections);
    } finally {
      for (const connection of connections) connection.release();
    }
  }

  /** What is prepared, by connection. */
  const prepared = (): Promise<Prepared[][]> =>
    withConnections((connections) =>
      Promise.all(connections.map(async (connection) => (await connection.query<Prepared>(PREPARED)).rows)),
    );

  const onEach = (sql: string): Promise<unknown> =>
    withConnections((connections) => Promise.all(connections.map((connection) => connection.query(sql))));

  /** Reads on both connections at once. */
  const readOnBoth = (): Promise<unknown> =>
    Promise.all([store.read([record.key]), store.read([record.key])]);

  test('a statement is prepared once on each connection, under the same name', async () => {
    const other = new TypeOrmSessionStore(dataSource);
    await readOnBoth();
    await readOnBoth();
    await Promise.all([other.read([record.key]), other.read([record.key])]);
    const [one, two] = await prepared();
    expect(one).toEqual([{ name: expect.stringMatching(/^nest-session [\w-]{43}$/), runs: 3 }]);
    expect(two).toEqual(one);
  });

  test('two statements have two names, none of them cut off by the server', async () => {
    const watched = watchStatements(dataSource);
    await store.read([record.key]);
    await store.update([changeOf(record)]);
    const names = watched.sent.map(({ name }) => name!);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(64);
  });

  describe('where a statement turns out not to be prepared it is sent again, and all are unprepared from then on', () => {
    /** Why the server refuses a statement that a connection takes to be prepared, and what leads to it. */
    const CASES: readonly [code: string, what: string, strike: () => Promise<unknown>][] = [
      ['26000', 'it is gone, as behind a pool that hands on connections', () => onEach('DEALLOCATE ALL')],
      [
        '0A000',
        'its plan has other types by now, as after a migration',
        () => dataSource.query('ALTER TABLE nest_session ALTER COLUMN ip TYPE text'),
      ],
      [
        '42P05',
        'somebody else has prepared one of that name',
        async () => {
          const [{ name }] = (await prepared()).flat() as [Prepared];
          await dataSource.destroy();
          await dataSource.initialize();
          await onEach(`PREPARE "${name}" AS SELECT 1`);
        },
      ],
    ];

    test.each(CASES)('%s: %s', async (code, _, strike) => {
      await readOnBoth();
      await strike();
      const refused: unknown[] = [];
      const watched = watchStatements(dataSource, (error) => refused.push((error as pg.DatabaseError).code));
      expect(await Promise.all([store.read([record.key]), store.read([record.key])])).toEqual([
        [record],
        [record],
      ]);
      expect(new Set(refused)).toEqual(new Set([code]));
      const before = watched.sent.length;
      const change = changeOf(record);
      expect(await store.update([change])).toEqual([true]);
      expect(await store.read([record.key])).toEqual([change.next]);
      expect(await store.delete([record.key])).toEqual([true]);
      const later = watched.sent.slice(before);
      expect(later.map(({ text }) => text.slice(0, 6))).toEqual(['UPDATE', 'SELECT', 'DELETE']);
      expect(later.map(({ name }) => name)).toEqual([undefined, undefined, undefined]);
    });
  });
});
