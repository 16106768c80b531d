import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { DataSource } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import type { Client } from '../support/client.js';
import { openSite, type Site } from '../support/site.js';
import { SQLITE_HANDLES } from '../support/sqlite-handles.js';

interface Opened {
  readonly store: TypeOrmSessionStore | SqlSessionStore;
  run(sql: string): unknown;
  close(): unknown;
}

const OPEN: Record<string, (() => Promise<Opened>) | undefined> = {
  async 'sql.js'() {
    const entities = [SessionEntity];
    const dataSource = await new DataSource({ type: 'sqljs', entities, synchronize: true }).initialize();
    const store = new TypeOrmSessionStore(dataSource, { pruneInterval: false });
    return { store, run: (sql) => dataSource.query(sql), close: () => dataSource.destroy() };
  },
  ...Object.fromEntries(
    Object.entries(SQLITE_HANDLES).map(([driver, open]) => [
      driver,
      open &&
        (() => {
          const database = open(':memory:');
          database.exec(sessionTable('sqlite'));
          const store = new SqlSessionStore(database, { pruneInterval: false });
          return Promise.resolve({
            store,
            run: (sql: string) => database.exec(sql),
            close: () => database.close(),
          });
        }),
    ]),
  ),
};

/** SQLite keeps any value in any column. What somebody put there by hand is a fresh session, and nobody else's trouble. */
describe.each(Object.entries(OPEN))('a row of SQLite, through %s', (driver, open) => {
  if (open === undefined) {
    it.skip(`${driver} is not installed`, () => undefined);
    return;
  }
  let opened: Opened;
  let site: Site;
  let visitor: Client;
  let other: Client;

  beforeAll(async () => {
    opened = await open();
    site = await openSite({ kind: driver, store: opened.store, close: () => Promise.resolve() });
  });
  afterAll(async () => {
    await site.close();
    await opened.close();
  });
  beforeEach(async () => {
    await site.sessions.revokeEverything();
    visitor = site.client();
    other = site.client();
    await visitor.post('/run/set', { owner: 'visitor', userId: 'ada' });
  });

  it.each([
    `data = x'00ff'`,
    `data = x'7b7d'`,
    `data = 5`,
    `meta = x'7b7d'`,
    `user_id = x'61'`,
    `version = 'one'`,
    `version = 1.5`,
    `version = 9100000000000000`,
    `version = 9223372036854775807`,
    `epoch = 'one'`,
    `epoch = 9000000000000`,
    `token = x'00'`,
    `token = 5`,
    `previous_token = x'00'`,
    `previous_until = 'then'`,
    `created_at = 'then'`,
    `last_seen_at = 'then'`,
    `expires_at = 9e300`,
    `authenticated_at = 'then'`,
    `ip = x'00'`,
    `user_agent = '${'x'.repeat(513)}'`,
  ])('with %s', async (assignment) => {
    await opened.run(`UPDATE nest_session SET ${assignment}`);
    await other.post('/run/set', { owner: 'other' });
    site.events.splice(0);
    const answers = await Promise.all([visitor, other].map((client) => client.get('/run/read')));
    expect(answers.map(({ status, body }) => ({ status, body: body as unknown }))).toEqual([
      { status: 200, body: {} },
      { status: 200, body: { owner: 'other' } },
    ]);
    expect(site.events).toContainEqual(
      expect.objectContaining({
        type: 'rejected',
        reason: expect.stringMatching(/^(corrupt|expired|superseded)$/),
      }),
    );
    await visitor.post('/run/set', { after: true });
    expect((await visitor.get('/run/read')).body).toEqual({ after: true });
  });
});
