import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import { changeOf, newRecord } from '../../../../lib/testing/contract/records.js';
import { createDatabase, type TestDatabase } from '../../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../../support/mysql.js';
import { remedyOf, statementsOf } from './support/remedy.js';

const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
const PASSWORD = 'of a test';

/** A database with a user that may do nothing in it yet. */
interface Guarded {
  readonly handle: ConstructorParameters<typeof SqlSessionStore>[0];
  /** The user, as a statement names it. */
  readonly user: string;
  /** Sends a statement as the owner of the database. */
  run(sql: string): Promise<unknown>;
  /** Closes the handle of the user, and removes the user and the database. */
  end(): Promise<void>;
}

/** The address of a database for another user. */
function as(user: string, { url }: TestDatabase): string {
  return Object.assign(new URL(url), { username: user, password: PASSWORD }).href;
}

const newName = (): string => `test_${randomBytes(8).toString('hex')}`;

const KINDS: Record<'postgres' | 'mysql', (() => Promise<Guarded>) | undefined> = {
  async postgres() {
    const database = await createDatabase();
    const owner = new pg.Pool({ connectionString: database.url });
    const user = `${newName()} "Ada"`;
    const quoted = `"${user.replaceAll('"', '""')}"`;
    await owner.query(`CREATE ROLE ${quoted} LOGIN PASSWORD '${PASSWORD}'`);
    const pool = new pg.Pool({ connectionString: as(user, database) });
    return {
      handle: pool,
      user: quoted,
      run: (sql) => owner.query(sql),
      async end() {
        await pool.end();
        await owner.query(`DROP OWNED BY ${quoted}`);
        await owner.query(`DROP ROLE ${quoted}`);
        await owner.end();
        await database.drop();
      },
    };
  },
  mysql:
    MYSQL_URL === undefined
      ? undefined
      : async () => {
          const database = await createMysqlDatabase();
          const owner = mysql.createPool(database.url);
          const name = newName();
          const user = `\`${name}\`@\`%\``;
          await owner.query(`CREATE USER ${user} IDENTIFIED BY '${PASSWORD}'`);
          const pool = mysql.createPool(as(name, database));
          // Without any privilege in the database, the user could not even connect to it.
          await owner.query(`GRANT SHOW VIEW ON \`${new URL(database.url).pathname.slice(1)}\`.* TO ${user}`);
          return {
            handle: pool,
            user,
            run: (sql) => owner.query(sql),
            async end() {
              await pool.end();
              await owner.query(`DROP USER ${user}`);
              await owner.end();
              await database.drop();
            },
          };
        },
};

describe.each(Object.entries(KINDS))('a user of %s', (kind, open) => {
  if (open === undefined) {
    test.skip(`${kind} is not there`, () => undefined);
    return;
  }
  const dialect = kind as keyof typeof KINDS;
  let guarded: Guarded;

  beforeEach(async () => void (guarded = await open()));
  afterEach(() => guarded.end());

  const create = async (table?: string): Promise<void> => {
    const sql = sessionTable(dialect, table === undefined ? {} : { table });
    for (const statement of statementsOf(sql)) await guarded.run(statement);
  };

  /** The start is refused as a wrong setting, and the statements in the error are all that is to be done. */
  async function isMended(store: SqlSessionStore): Promise<void> {
    const refusal = await store.start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(
      /^The database user of SqlSessionStore lacks privileges on the session table .*\n.*GRANT/s,
    );
    expect((refusal as Error).cause).toBeInstanceOf(Error);
    expect((refusal as Error).message).not.toContain(PASSWORD);
    for (const statement of remedyOf(refusal)) await guarded.run(statement);
    await works(store);
  }

  async function works(store: SqlSessionStore): Promise<void> {
    await store.start();
    const record = newRecord({ userId: 'ada' });
    expect(await store.create([record])).toEqual([true]);
    const change = changeOf(record);
    expect(await store.update([change])).toEqual([true]);
    expect(await store.read([record.key])).toEqual([change.next]);
    expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
    expect(await store.prune(Date.now(), 10)).toBe(0);
  }

  test.each(PRIVILEGES)('without %s is refused, with the statement that grants it', async (missing) => {
    await create();
    const others = PRIVILEGES.filter((privilege) => privilege !== missing);
    await guarded.run(`GRANT ${others.join(', ')} ON nest_session TO ${guarded.user}`);
    await isMended(new SqlSessionStore(guarded.handle));
  });

  test('without any privilege is refused, with the statement that grants them', async () => {
    await create();
    await isMended(new SqlSessionStore(guarded.handle));
  });

  test('that may change some columns only is refused', async () => {
    await create();
    await guarded.run(
      `GRANT SELECT, INSERT, UPDATE (token, version), DELETE ON nest_session TO ${guarded.user}`,
    );
    await isMended(new SqlSessionStore(guarded.handle));
  });

  test('that may do exactly what sessions need is fine', async () => {
    await create();
    await guarded.run(`GRANT ${PRIVILEGES.join(', ')} ON nest_session TO ${guarded.user}`);
    await works(new SqlSessionStore(guarded.handle));
  });

  if (dialect === 'postgres')
    test('that may not use the schema is refused, with the statement that grants it', async () => {
      await guarded.run('CREATE SCHEMA "My Schema"');
      await create('My Schema.sessions');
      await isMended(new SqlSessionStore(guarded.handle, { table: 'My Schema.sessions' }));
    });
});
