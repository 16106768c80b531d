import { afterEach, describe, expect, it } from '@jest/globals';
import { failingStore } from '../../../lib/testing/index.js';
import { FRAMEWORKS, type AnySite } from '../../support/site.js';

describe.each(FRAMEWORKS)('a prune that the store does not answer ($adapter)', ({ openSite }) => {
  let site: AnySite | undefined;

  afterEach(() => site?.close());

  it('fails after storeTimeout, is told of, and does not keep the application open', async () => {
    const store = failingStore();
    const backend = { kind: 'memory', store, close: () => Promise.resolve() };
    site = await openSite(backend, { storeTimeout: 50 });
    store.hang();
    await expect(site.sessions.prune()).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(site.events).toMatchObject([{ type: 'storeError' }]);
    const pruning = site.sessions.prune().catch((error: Error) => error.name);
    await site.close();
    expect(await pruning).toBe('SessionStoreError');
  });
});
