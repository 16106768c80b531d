import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import { changeOf, newRecord } from '../../../../lib/testing/contract/records.js';
import { createDatabase } from '../../../support/database.js';
import { type Application, APPLICATIONS } from './support/applications.js';
import { remedyOf, statementsOf } from './support/remedy.js';

/** What somebody may have done to the table, and what the error says of it. */
const CHANGES: Record<'postgres' | 'mysql' | 'sqlite', [change: string, says: RegExp][]> = {
  postgres: [
    ['ALTER TABLE nest_session DROP COLUMN epoch', /column "epoch" is missing/],
    [
      'ALTER TABLE nest_session DROP COLUMN token, DROP COLUMN meta',
      /"token" is missing; column "meta" is missing/,
    ],
    [
      'ALTER TABLE nest_session ALTER COLUMN user_id TYPE varchar(40)',
      /"user_id" has the type character varying\(40\), not varchar\(255\)/,
    ],
    [
      'ALTER TABLE nest_session ALTER COLUMN data TYPE jsonb USING data::jsonb',
      /"data" has the type jsonb, not text/,
    ],
    [
      'ALTER TABLE nest_session ALTER COLUMN expires_at TYPE integer',
      /"expires_at" has the type integer, not bigint/,
    ],
    ['ALTER TABLE nest_session ALTER COLUMN user_id SET NOT NULL', /"user_id" does not allow NULL/],
    [
      'ALTER TABLE nest_session ADD COLUMN tenant int NOT NULL DEFAULT 1; ALTER TABLE nest_session ALTER COLUMN tenant DROP DEFAULT',
      /"tenant", which is not the store's, has no default/,
    ],
    ['ALTER TABLE nest_session DROP CONSTRAINT nest_session_pkey', /"handle" is not the primary key/],
    ['DROP INDEX nest_session_user_id', /column "user_id" has no index/],
    [
      'DROP INDEX nest_session_user_id; CREATE INDEX ON nest_session (user_id) WHERE epoch > 1',
      /"user_id" has no index/,
    ],
    [
      'DROP INDEX nest_session_user_id; CREATE INDEX ON nest_session (user_id) WHERE user_id IS NOT NULL',
      /"user_id" has no index/,
    ],
    ['DROP INDEX nest_session_reference', /column "reference" has no index/],
    [
      'DROP INDEX nest_session_reference; CREATE INDEX ON nest_session (reference) WHERE user_id IS NOT NULL',
      /"reference" has no index/,
    ],
    [
      'ALTER TABLE nest_session DROP COLUMN reference',
      /"reference" is missing; column "reference" has no index/,
    ],
    [
      'DROP INDEX nest_session_expires_at; CREATE INDEX ON nest_session ((expires_at + 1))',
      /"expires_at" has no index/,
    ],
    [
      `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       ALTER TABLE nest_session ALTER COLUMN user_id TYPE varchar(255) COLLATE ci`,
      /"user_id" has the type character varying\(255\) and an inexact collation/,
    ],
  ],
  mysql: [
    ['ALTER TABLE nest_session DROP COLUMN epoch', /column `epoch` is missing/],
    [
      'ALTER TABLE nest_session DROP COLUMN data, DROP COLUMN meta',
      /`data` is missing; column `meta` is missing/,
    ],
    [
      'ALTER TABLE nest_session MODIFY data TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
      /`data` has the type text, not longtext/,
    ],
    [
      'ALTER TABLE nest_session MODIFY user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL',
      /`user_id` has the type varchar\(255\) and an inexact collation/,
    ],
    [
      'ALTER TABLE nest_session MODIFY user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
      /`user_id` does not allow NULL/,
    ],
    [
      'ALTER TABLE nest_session ADD COLUMN tenant INT NOT NULL',
      /`tenant`, which is not the store's, has no default/,
    ],
    ['ALTER TABLE nest_session DROP PRIMARY KEY', /`handle` is not the primary key/],
    ['ALTER TABLE nest_session DROP INDEX nest_session_expires_at', /column `expires_at` has no index/],
    [
      'ALTER TABLE nest_session DROP INDEX nest_session_user_id, ENGINE = MyISAM',
      /its engine is MyISAM, not InnoDB; column `user_id` has no index/,
    ],
    ['ALTER TABLE nest_session ENGINE = MEMORY, DROP data, DROP meta', /its engine is MEMORY, not InnoDB/],
  ],
  sqlite: [
    ['DROP INDEX nest_session_user_id', /column "user_id" has no index/],
    [
      'DROP INDEX nest_session_user_id; CREATE INDEX other ON nest_session (user_id) WHERE user_id IS NOT NULL',
      /"user_id" has no index/,
    ],
    ['DROP INDEX nest_session_reference', /column "reference" has no index/],
    [
      'DROP INDEX nest_session_reference; CREATE INDEX other ON nest_session (reference) WHERE epoch > 1',
      /"reference" has no index/,
    ],
    ['ALTER TABLE nest_session DROP COLUMN epoch', /column "epoch" is missing/],
    [
      'ALTER TABLE nest_session DROP COLUMN ip; ALTER TABLE nest_session DROP COLUMN token',
      /"token" is missing; column "ip" is missing/,
    ],
    [
      'DROP TABLE nest_session; CREATE TABLE nest_session (handle INTEGER PRIMARY KEY)',
      /"handle" has the type INTEGER, not varchar\(64\)/,
    ],
    [
      'DROP TABLE nest_session; CREATE TABLE nest_session (handle TEXT, other TEXT NOT NULL)',
      /"other", which is not the store's.+"handle" is not the primary key/,
    ],
  ],
};

const DIALECTS = ['postgres', 'mysql', 'sqlite'] as const;

/** What is fine, although `sessionTable()` does not make it so. */
const FINE: Record<'postgres' | 'mysql' | 'sqlite', string[]> = {
  postgres: [
    'ALTER TABLE nest_session ALTER COLUMN user_id TYPE text, ALTER COLUMN epoch TYPE bigint',
    `ALTER TABLE nest_session ADD COLUMN tenant text NOT NULL DEFAULT 'one', ADD COLUMN note text`,
    'DROP INDEX nest_session_user_id; CREATE INDEX ON nest_session (user_id, created_at)',
    'ALTER TABLE nest_session ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY',
    'DROP INDEX nest_session_reference; CREATE INDEX ON nest_session (reference)',
  ],
  mysql: [
    'ALTER TABLE nest_session MODIFY data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, MODIFY epoch BIGINT NOT NULL',
    `ALTER TABLE nest_session ADD COLUMN tenant INT NOT NULL DEFAULT 1, ADD COLUMN note TEXT`,
    'ALTER TABLE nest_session DROP INDEX nest_session_user_id, ADD INDEX other (user_id, created_at)',
  ],
  sqlite: [
    'ALTER TABLE nest_session ADD COLUMN tenant INT NOT NULL DEFAULT 1',
    'DROP INDEX nest_session_reference; CREATE INDEX other ON nest_session (reference)',
    'DROP INDEX nest_session_reference; CREATE INDEX other ON nest_session (reference, user_id) WHERE reference is not null',
  ],
};

describe.each(Object.entries(APPLICATIONS))('the table, through %s', (kind, open) => {
  if (open === undefined) {
    test.skip(`${kind} is not there`, () => undefined);
    return;
  }
  const dialect = kind === 'postgres' || kind === 'mysql' ? kind : 'sqlite';
  let application: Application;

  beforeEach(async () => void (application = await open()));
  afterEach(async () => {
    await application.end();
    await application.drop();
  });

  async function run(sql: string): Promise<void> {
    for (const statement of statementsOf(sql)) await application.run(statement);
  }

  const refusalOf = (store: SqlSessionStore): Promise<unknown> =>
    store.start().then(
      () => 'none',
      (error: unknown) => error,
    );

  async function works(store: SqlSessionStore): Promise<void> {
    await store.start();
    const record = newRecord();
    expect(await store.create([record])).toEqual([true]);
    const change = changeOf(record, { userId: 'ada' });
    expect(await store.update([change])).toEqual([true]);
    expect(await store.read([record.key])).toEqual([change.next]);
  }

  test('that is missing stops the start with the statement that creates it', async () => {
    const store = new SqlSessionStore(application.handle);
    const refusal = await refusalOf(store);
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(
      new RegExp(`session table nest_session does not exist;.+sessionTable\\('${dialect}'\\)`),
    );
    for (const statement of remedyOf(refusal)) await application.run(statement);
    await works(store);
  });

  test('in a schema that is missing: the same', async () => {
    const store = new SqlSessionStore(application.handle, { table: 'nowhere.sessions' });
    const refusal = await refusalOf(store);
    // SQLite takes any other schema for a file that is not attached.
    expect(String(refusal)).toMatch(/nowhere\.sessions does not exist|unknown database/);
  });

  test('is left alone by sessionTable() if it is there', async () => {
    await run(sessionTable(dialect));
    const store = new SqlSessionStore(application.handle);
    await works(store);
    await run(sessionTable(dialect));
    expect(await store.count(undefined, 0)).toBe(1);
  });

  test('under two names', async () => {
    await run(sessionTable(dialect, { table: 'shop_sessions' }));
    await run(sessionTable(dialect, { table: 'office_sessions' }));
    const shop = new SqlSessionStore(application.handle, { table: 'shop_sessions' });
    const office = new SqlSessionStore(application.handle, { table: 'office_sessions' });
    await works(shop);
    await office.start();
    expect([await shop.count(undefined, 0), await office.count(undefined, 0)]).toEqual([1, 0]);
  });

  test.each(CHANGES[dialect])('after %s stops the start with what corrects it', async (change, says) => {
    await run(sessionTable(dialect));
    const store = new SqlSessionStore(application.handle);
    await store.create([newRecord({ key: 'old', userId: 'ada', expiresAt: 1_000 })]);
    await run(change);
    const refusal = await refusalOf(store);
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(says);
    for (const statement of remedyOf(refusal)) await application.run(statement);
    await works(store);
  });

  test.each(FINE[dialect])('after %s is fine', async (change) => {
    await run(sessionTable(dialect));
    await run(change);
    await works(new SqlSessionStore(application.handle));
  });

  test.each(DIALECTS.filter((other) => other !== dialect))(
    'by the statements for %s is refused by the database, or corrected, or right',
    async (other) => {
      try {
        await run(sessionTable(other));
      } catch {
        // The database does not understand them. What it did understand is there.
      }
      const store = new SqlSessionStore(application.handle);
      const refusal = await refusalOf(store);
      if (refusal !== 'none') {
        expect(refusal).toBeInstanceOf(SessionOptionsError);
        for (const statement of remedyOf(refusal)) await application.run(statement);
      }
      await works(store);
    },
  );

  if (dialect === 'mysql')
    test('in a schema of its own, of another engine, stops the start with what corrects it', async () => {
      const [[{ name }]] = (await application.run('SELECT DATABASE() AS name')) as [[{ name: string }]];
      const table = `${name}.my \`sessions\``;
      await run(sessionTable('mysql', { table }));
      await run(`ALTER TABLE \`${name}\`.\`my \`\`sessions\`\`\` DROP data, DROP meta, ENGINE = MEMORY`);
      const store = new SqlSessionStore(application.handle, { table });
      const refusal = await refusalOf(store);
      expect((refusal as Error).message).toMatch(/its engine is MEMORY, not InnoDB/);
      for (const statement of remedyOf(refusal)) await application.run(statement);
      await works(store);
    });

  test('that cannot be written to stops the start', async () => {
    await run(sessionTable(dialect));
    const replica = await application.readOnly();
    const refusal = await refusalOf(new SqlSessionStore(replica.handle));
    await replica.end();
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(/database of SqlSessionStore is read-only.+writable server/);
  });

  test('of a handle that is closed stops the start', async () => {
    await run(sessionTable(dialect));
    const other = await application.readOnly();
    await other.end();
    const refusal = await refusalOf(new SqlSessionStore(other.handle));
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(/is closed; open it before the application starts/);
  });
});

/** Servers that speak the protocol of another, and old ones, by what they answer. */
test.each([
  [{ version: 'CockroachDB CCL v24.1.0', release: '13.0.0' }, /CockroachDB is not supported/],
  [{ version: 'PostgreSQL 11.22 on x86_64', release: '11.22' }, /PostgreSQL 12 or later.+is 11\.22/],
  [{ version: 'PostgreSQL 9.6.24 on x86_64', release: '9.6.24' }, /PostgreSQL 12 or later.+is 9\.6\.24/],
])('a server that answers %j is refused', async (answer, says) => {
  const pool = { totalCount: 0, options: {}, query: () => Promise.resolve({ rows: [answer] }) };
  const start = new SqlSessionStore(pool).start();
  await expect(start).rejects.toThrow(SessionOptionsError);
  await expect(start).rejects.toThrow(says);
});

test('TiDB, which answers as MySQL does, is refused', async () => {
  const connection = {
    query: (_: unknown, done: (error: null, rows: unknown) => void) =>
      done(null, [{ version: '8.0.11-TiDB-v8.5.0', results: 'utf8mb4', packet: 1e7 }]),
    release: () => undefined,
  };
  const start = new SqlSessionStore({
    promise: () => undefined,
    getConnection: (done) => done(null, connection),
  }).start();
  await expect(start).rejects.toThrow(SessionOptionsError);
  await expect(start).rejects.toThrow('TiDB is not supported');
});

test('a pool of pg that is about to close stops the start', async () => {
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  const client = await pool.connect();
  const closed = pool.end(); // waits for the client
  const start = new SqlSessionStore(pool).start();
  await expect(start).rejects.toThrow(SessionOptionsError);
  await expect(start).rejects.toThrow('is closed; open it before the application starts');
  client.release();
  await closed;
  await database.drop();
});
