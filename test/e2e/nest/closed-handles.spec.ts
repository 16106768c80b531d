import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import type { SessionModuleOptions } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { openSite, type Site } from '../../support/site.js';
import { type Application, APPLICATIONS } from '../../unit/stores/sql/support/applications.js';
import { statementsOf } from '../../unit/stores/sql/support/remedy.js';

/** An application that closes its pool is as one whose database is away: not one that was set up wrongly. */
describe.each(Object.entries(APPLICATIONS))('a handle that the application has closed (%s)', (kind, open) => {
  if (open === undefined) {
    it.skip(`${kind} is not there`, () => undefined);
    return;
  }
  let application: Application;
  let site: Site;

  beforeEach(async () => {
    application = await open();
    for (const statement of statementsOf(sessionTable(application.dialect))) await application.run(statement);
  });
  afterEach(async () => {
    await site.close();
    await application.drop();
  });

  async function visit(options: Partial<SessionModuleOptions> = {}): Promise<Client> {
    const store = new SqlSessionStore(application.handle, { pruneInterval: false });
    site = await openSite({ kind, store, close: () => Promise.resolve() }, options);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    return client;
  }

  it('is a 503 with Retry-After and an event, for reads, new sessions and lists', async () => {
    const client = await visit();
    await application.end();
    for (const answer of [
      await client.get('/run/read'),
      await site.client().post('/run/set', { color: 'red' }),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    await expect(site.sessions.list('ada')).rejects.toMatchObject({ statusCode: 503 });
    expect(site.events.filter(({ type }) => type === 'storeError')).toHaveLength(3);
  });

  it('is no session with onStoreError: "anonymous"', async () => {
    const client = await visit({ onStoreError: 'anonymous' });
    await application.end();
    expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {} });
  });

  it('app.close() leaves the handle open, which is not its own', async () => {
    await visit();
    await site.close();
    await application.run('SELECT 1');
    await application.end();
  });
});
