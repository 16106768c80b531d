import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { deferred, openSite, type Site } from '../support/site.js';
import { type Database, openDatabase, Stranger } from './support/database.js';
import { type Proxy, startProxy } from './support/proxy.js';

/** `onStoreError: 'anonymous'`, with a database that goes and comes. */
describe.each(['eager', 'lazy'] as const)('requests that go on without their session (%s)', (load) => {
  let database: TestDatabase;
  let proxy: Proxy;
  let backend: Database;
  let site: Site;
  let observer: Stranger;
  let client: Client;
  let before: object[];

  const rows = (): Promise<object[]> => observer.run('SELECT * FROM nest_session');

  beforeEach(async () => {
    database = await createDatabase();
    proxy = await startProxy(database.url);
    backend = await openDatabase(proxy.url);
    site = await openSite(backend, { onStoreError: 'anonymous', load, touchInterval: 0 });
    observer = await Stranger.at(database.url);
    client = site.client();
    await client.post('/run/set', { color: 'green' });
    before = await rows();
  });
  afterEach(async () => {
    await observer.close();
    await site.close();
    await backend.close();
    await proxy.close();
    await database.drop();
  });

  it('are answered, keep nothing, and leave the real session as it was', async () => {
    proxy.drop();
    expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {}, setCookies: [] });
    expect(await client.post('/run/set', { color: 'red' })).toMatchObject({ status: 200, setCookies: [] });
    for (const change of ['login', 'logout', 'rotate', 'regenerate', 'destroy', 'increment']) {
      const answer = await client.post(`/run/${change}`, { userId: 'ann' });
      expect(answer).toMatchObject({ status: 503, setCookies: [] });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    proxy.raise();
    expect(await rows()).toEqual(before);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('overwrite nothing when the database is back before they end', async () => {
    const [reached, go] = [deferred(), deferred()];
    site.handle('slow', async ({ session }) => {
      session.color = 'red';
      session.flash('note', 'lost');
      reached.resolve();
      await go.promise;
      session.size = 1;
      await session.update((s) => (s.count = 1)).catch((error: Error) => (session.refused = error.name));
      return { ...session };
    });
    proxy.drop();
    const answer = client.post('/run/slow');
    await reached.promise;
    proxy.raise();
    go.resolve();
    expect(await answer).toMatchObject({
      status: 200,
      body: { color: 'red', size: 1, refused: 'SessionStoreError' },
      setCookies: [],
    });
    expect(await rows()).toEqual(before);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('are not those that had it: a change that cannot be stored is a 503', async () => {
    site.handle('dropped', ({ session }) => {
      session.color = 'red';
      proxy.drop();
    });
    expect((await client.post('/run/dropped')).status).toBe(503);
    expect((await site.client().post('/run/set', { fresh: true })).status).toBe(503);
    proxy.raise();
    expect(await rows()).toEqual(before);
  });
});
