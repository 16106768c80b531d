import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import type { Client } from '../support/client.js';
import { openSite, type Site } from '../support/site.js';

/** SQLite keeps any value in any column. What somebody put there by hand is a fresh session, and nobody else's trouble. */
describe('a row of SQLite', () => {
  let dataSource: DataSource;
  let site: Site;
  let visitor: Client;
  let other: Client;

  beforeAll(async () => {
    dataSource = await new DataSource({
      type: 'sqljs',
      entities: [SessionEntity],
      synchronize: true,
    }).initialize();
    const store = new TypeOrmSessionStore(dataSource, { pruneInterval: false });
    site = await openSite({ kind: 'sqljs', store, close: () => dataSource.destroy() });
  });
  afterAll(async () => {
    await site.close();
    await dataSource.destroy();
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
    await dataSource.query(`UPDATE nest_session SET ${assignment}`);
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
