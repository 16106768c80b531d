import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drizzle as drizzleOfMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzleOfPostgres } from 'drizzle-orm/node-postgres';
import { sql as drizzleSql } from 'drizzle-orm';
import { Kysely, MysqlDialect, PostgresDialect, sql } from 'kysely';
import mysql from 'mysql2';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../support/mysql.js';
import { openSite, type Site } from '../../support/site.js';

/** An application with a query builder of its own, and what of it the store shares. */
interface Recipe {
  readonly handle: ConstructorParameters<typeof SqlSessionStore>[0];
  /** The migration, in the way of the library. */
  migrate(statement: string): Promise<unknown>;
  /** Runs work in a transaction that is undone, in the way of the library. */
  undo(work: () => Promise<void>): Promise<void>;
  /** Counts the rows of the table, in the way of the library. */
  count(): Promise<number>;
  close(): Promise<unknown>;
}

const UNDONE = new Error('undone');

function undone(error: unknown): void {
  if (error !== UNDONE) throw error;
}

function kysely(db: Kysely<{ nest_session: { handle: string } }>): Omit<Recipe, 'handle'> {
  return {
    migrate: (statement) => sql.raw(statement).execute(db),
    undo: (work) =>
      db
        .transaction()
        .execute(async (transaction) => {
          await sql`SELECT 1`.execute(transaction);
          await work();
          throw UNDONE;
        })
        .catch(undone),
    async count() {
      const counted = db.selectFrom('nest_session').select((find) => find.fn.countAll().as('count'));
      return Number((await counted.executeTakeFirstOrThrow()).count);
    },
    close: () => db.destroy(),
  };
}

const RECIPES: Record<string, { dialect: 'postgres' | 'mysql'; open: (url: string) => Recipe }> = {
  'Kysely on PostgreSQL': {
    dialect: 'postgres',
    open(url) {
      const pool = new pg.Pool({ connectionString: url });
      return { handle: pool, ...kysely(new Kysely({ dialect: new PostgresDialect({ pool }) })) };
    },
  },
  'Kysely on MySQL or MariaDB': {
    dialect: 'mysql',
    open(url) {
      const pool = mysql.createPool(url);
      return { handle: pool, ...kysely(new Kysely({ dialect: new MysqlDialect({ pool }) })) };
    },
  },
  'Drizzle on PostgreSQL': {
    dialect: 'postgres',
    open(url) {
      const pool = new pg.Pool({ connectionString: url });
      const db = drizzleOfPostgres(pool);
      return {
        handle: db.$client,
        migrate: (statement) => db.execute(drizzleSql.raw(statement)),
        undo: (work) =>
          db
            .transaction(async (transaction) => {
              await transaction.execute(drizzleSql`SELECT 1`);
              await work();
              throw UNDONE;
            })
            .catch(undone),
        async count() {
          const { rows } = await db.execute<{ count: string }>(
            drizzleSql`SELECT count(*) AS count FROM nest_session`,
          );
          return Number(rows[0]!.count);
        },
        close: () => pool.end(),
      };
    },
  },
  'Drizzle on MySQL or MariaDB': {
    dialect: 'mysql',
    open(url) {
      const pool = mysql.createPool(url);
      const db = drizzleOfMysql(pool);
      return {
        handle: pool,
        migrate: (statement) => db.execute(drizzleSql.raw(statement)),
        undo: (work) =>
          db
            .transaction(async (transaction) => {
              await transaction.execute(drizzleSql`SELECT 1`);
              await work();
              throw UNDONE;
            })
            .catch(undone),
        async count() {
          const [rows] = await db.execute(drizzleSql`SELECT count(*) AS count FROM nest_session`);
          return Number((rows as unknown as { count: number }[])[0]!.count);
        },
        close: () => pool.promise().end(),
      };
    },
  },
};

describe.each(Object.entries(RECIPES))('%s', (name, { dialect, open }) => {
  if (dialect === 'mysql' && MYSQL_URL === undefined) {
    it.skip(`${name} needs a server`, () => undefined);
    return;
  }
  let database: TestDatabase;
  let recipe: Recipe;
  let site: Site;

  beforeAll(async () => {
    database = await (dialect === 'mysql' ? createMysqlDatabase() : createDatabase());
    recipe = open(database.url);
    await recipe.migrate(sessionTable(dialect));
    const store = new SqlSessionStore(recipe.handle, { pruneInterval: false });
    site = await openSite({ kind: name, store, close: () => Promise.resolve() });
  });
  afterAll(async () => {
    await site.close();
    await recipe.close(); // after the application, which does not close it
    await database.drop();
  });

  it('keeps sessions through the pool of the application', async () => {
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    expect(await recipe.count()).toBe(1);
  });

  it('a change of a session is no part of a transaction of the application', async () => {
    const client = site.client();
    await recipe.undo(async () => {
      expect((await client.post('/run/set', { inside: true })).status).toBe(200);
    });
    expect((await client.get('/run/read')).body).toEqual({ inside: true });
  });
});
