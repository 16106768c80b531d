import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MEMCACHED } from '../../support/memcached.js';
import type { Site } from '../../support/site.js';
import { openNew } from './support/sites.js';
import { STORE_KINDS, type StoreKind } from './support/store-kinds.js';

/** What is different in Memcached from other stores: the README warns of it. */
(MEMCACHED ? describe : describe.skip)('Memcached', () => {
  let kind: StoreKind;
  let site: Site;

  beforeAll(async () => {
    kind = STORE_KINDS.find(([name]) => name === 'connect-memcached')![1]();
    await kind.before();
  });
  afterAll(() => kind.after());
  beforeEach(() => kind.clear());
  afterEach(() => site.close());

  it.each([
    [30, { color: 'green' }],
    [31, {}],
  ])('keeps a session of %d days: it takes more seconds than those of 30 for a date', async (days, kept) => {
    site = await openNew(kind.open(), { cookie: { maxAge: `${days}d` }, absoluteTimeout: false });
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect((await client.get('/run/read')).body).toEqual(kept);
  });

  it('takes no session of more than 1 MiB, which is said and not passed over', async () => {
    site = await openNew(kind.open(), { maxDataBytes: 4 * 1024 * 1024 });
    site.handle('fill', ({ session }) => void (session.text = 'x'.repeat(1024 * 1024)));
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect((await client.get('/run/fill')).status).toBe(503);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });
});
