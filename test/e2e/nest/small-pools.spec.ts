import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mysql from 'mysql2';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import type { SqlHandle } from '../../../lib/stores/sql/sql-handle.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { createMysqlDatabase, MYSQL_URL, mysqlType } from '../../support/mysql.js';
import { openSite, type Site } from '../../support/site.js';

/** A pool as an application has it, and a transaction of the application on one of its connections. */
interface Pool {
  readonly handle: SqlHandle;
  begin(): Promise<{ run(sql: string): Promise<unknown>; rollback(): Promise<void> }>;
  end(): Promise<unknown>;
}

interface Kind {
  create(): Promise<TestDatabase>;
  /** Opens a pool of so many connections, under which a statement is given up after so many milliseconds. */
  open(url: string, size: number, patience?: number): Pool;
}

const KINDS: Record<'postgres' | 'mysql', Kind | undefined> = {
  postgres: {
    create: createDatabase,
    open(url, max, patience) {
      const limit = patience === undefined ? {} : { statement_timeout: patience };
      const pool = new pg.Pool({ connectionString: url, max, ...limit });
      return {
        handle: pool,
        async begin() {
          const client = await pool.connect();
          await client.query('BEGIN');
          return {
            run: (sql) => client.query(sql),
            async rollback() {
              await client.query('ROLLBACK');
              client.release();
            },
          };
        },
        end: () => pool.end(),
      };
    },
  },
  mysql:
    MYSQL_URL === undefined || (await mysqlType()) === 'mysql' // whose limit is for reads alone
      ? undefined
      : {
          create: createMysqlDatabase,
          open(url, connectionLimit, patience) {
            const pool = mysql.createPool({ uri: url, connectionLimit });
            if (patience !== undefined)
              pool.on('connection', (connection) =>
                connection.query(`SET SESSION max_statement_time = ${patience / 1000}`),
              );
            return {
              handle: pool,
              async begin() {
                const connection = await pool.promise().getConnection();
                await connection.beginTransaction();
                return {
                  run: (sql) => connection.query(sql),
                  async rollback() {
                    await connection.rollback();
                    connection.release();
                  },
                };
              },
              end: () => pool.promise().end(),
            };
          },
        },
};

describe.each(Object.entries(KINDS))('a pool (%s)', (name, kind) => {
  if (kind === undefined) {
    it.skip(`${name} is not there`, () => undefined);
    return;
  }
  let database: TestDatabase;
  let pool: Pool;
  let site: Site;

  beforeEach(async () => {
    database = await kind.create();
    const owner = kind.open(database.url, 1);
    const transaction = await owner.begin();
    // In a transaction of its own, which creating a table ends in MySQL.
    await transaction.run(sessionTable(name as keyof typeof KINDS));
    await transaction.run('COMMIT');
    await transaction.rollback();
    await owner.end();
  });
  afterEach(async () => {
    await site.close();
    await pool.end();
    await database.drop();
  });

  async function open(size: number, patience?: number, storeTimeout = 30_000): Promise<void> {
    pool = kind!.open(database.url, size, patience);
    const store = new SqlSessionStore(pool.handle, { pruneInterval: false });
    site = await openSite({ kind: name, store, close: () => Promise.resolve() }, { storeTimeout });
  }

  it('of a single connection serves many requests at once', async () => {
    await open(1);
    const visitors = Array.from({ length: 8 }, (_, index) => ({
      client: site.client(),
      id: `user ${index}`,
    }));
    const answers = await Promise.all(
      visitors.map(async ({ client, id }) => {
        const all = [await client.post('/run/login', { userId: id })];
        all.push(...(await Promise.all(Array.from({ length: 5 }, () => client.post('/run/increment')))));
        all.push(await client.post('/run/rotate'));
        return all.map(({ status }) => status);
      }),
    );
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    const counts = await Promise.all(
      visitors.map(async ({ client }): Promise<unknown> => (await client.get('/run/read')).body),
    );
    expect(counts).toEqual(visitors.map(({ id }) => ({ userId: id, count: 5 })));
    expect(await site.sessions.revokeAll('user 3')).toBe(1);
    expect(await site.sessions.count()).toBe(7);
  });

  it('whose only connection is held by a request that waits for its session: 503, and nothing is lost', async () => {
    await open(1, undefined, 1_000);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    site.handle('hold', async ({ session }) => {
      const transaction = await pool.begin();
      try {
        session.color = 'red';
        await session.save();
      } finally {
        await transaction.rollback();
      }
    });
    const refused = await client.post('/run/hold');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await client.post('/run/set', { size: 'large' })).status).toBe(200);
    expect((await client.get('/run/read')).body).toMatchObject({ size: 'large' });
  });

  it('under which a statement is given up soon: 503 while others hold the row, and nothing is lost', async () => {
    await open(4, 1_000);
    const client = site.client();
    await client.post('/run/login', { userId: 'ada' });
    const transaction = await pool.begin();
    await transaction.run('SELECT * FROM nest_session FOR UPDATE');
    const refused = await client.post('/run/logout');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await transaction.rollback();
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ada' });
    expect((await client.post('/run/logout')).status).toBe(200);
    expect(await site.sessions.count()).toBe(0);
  });
});
