import { describe, afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecords } from '../../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../../support/database.js';
import { answerStatements, connect, poolOf } from '../support/support.js';

interface PlanNode {
  'Node Type': string;
  'Actual Rows': number;
  Plans?: PlanNode[];
}

const ROWS = 20_000;
const EXPIRED = 10_000;

let database: TestDatabase;
let dataSource: DataSource;
let store: TypeOrmSessionStore;
let plans: PlanNode[];

describe('plans', () => {
  beforeAll(async () => {
    database = await createDatabase();
    dataSource = await connect(database.url, { synchronize: true });
    await dataSource.query(
      `INSERT INTO nest_session (handle, token, epoch, version, user_id, data, reference, created_at, last_seen_at, expires_at)
     SELECT md5(n::text), md5('token' || n), 1, 1, CASE WHEN n % 3 = 0 THEN 'user ' || n / 6 END, repeat('x', 200), CASE WHEN n % 7 = 0 THEN 'reference ' || n END, n, n, n
     FROM generate_series(1, ${ROWS}) AS n`,
    );
    await dataSource.query('ANALYZE nest_session');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Runs each statement under EXPLAIN ANALYZE, undoes it, and answers with no rows. */
  beforeEach(() => {
    jest.restoreAllMocks();
    store = new TypeOrmSessionStore(dataSource);
    plans = [];
    answerStatements(dataSource, async (config) => {
      const { text, values } = config as pg.QueryConfig;
      const client = await poolOf(dataSource).connect();
      try {
        await client.query('BEGIN');
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
          text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
          values: values ?? [],
        });
        plans.push(rows[0]!['QUERY PLAN'][0].Plan);
        await client.query('ROLLBACK');
      } finally {
        client.release();
      }
      return { rows: [] };
    });
  });

  function nodes(plan: PlanNode): PlanNode[] {
    return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
  }

  const records = newRecords(50);
  const keys = records.map(({ key }) => key);

  test.each<[string, () => Promise<unknown>, number]>([
    ['a read', () => store.read(keys), 1],
    ['a lone read', () => store.read([keys[0]!]), 1],
    ['an update', () => store.update(records.map((record) => changeOf(record))), 2],
    ['a removal', () => store.delete(keys), 2],
    ['a removal of sessions of a user', () => store.deleteOwned('user 7', keys), 2],
    ['looking for the sessions of a user', () => store.findByUser('user 7', 0), 1],
    ['counting the sessions of a user', () => store.count('user 7', 0), 1],
    ['removing the sessions of a user', () => store.deleteByUser('user 7', []), 1],
    ['removing the sessions with a reference', () => store.deleteByReference('reference 7'), 1],
    ['a pruning', () => store.prune(EXPIRED, 500), 1],
  ])('%s does not go through the whole table', async (_, work, statements) => {
    await work();
    expect(plans).toHaveLength(statements);
    expect(plans.flatMap(nodes).map((node) => node['Node Type'])).not.toContain('Seq Scan');
  });

  test('a pruning looks at no more sessions than it removes', async () => {
    await store.prune(EXPIRED, 500);
    const rows = plans.flatMap(nodes).map((node) => node['Actual Rows']);
    expect(Math.max(...rows)).toBe(500);
  });
});
