import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import session, { ExpressStoreAdapter } from '../../../lib/express/index.js';
import { openSite } from '../../support/site.js';

test('sessions in a store for express-session are sealed as well', async () => {
  const inner = new session.MemoryStore();
  const store = new ExpressStoreAdapter(inner);
  const site = await openSite(
    { kind: 'wrapped', store, close: () => Promise.resolve() },
    { encryption: { keys: [randomBytes(32)] } },
  );
  const client = site.client();
  await client.post('/run/set', { cart: ['an ink cartridge'] });
  await client.post('/run/login', { userId: '7' });
  expect((await client.get('/run/read')).body).toEqual({ cart: ['an ink cartridge'], userId: '7' });
  await Promise.all(Array.from({ length: 20 }, () => client.get('/run/increment')));
  expect((await client.get('/run/read')).body).toMatchObject({ count: 20 });

  const rows = await new Promise<string>((resolve) => inner.all((_, all) => resolve(JSON.stringify(all))));
  expect(rows).toContain('$sealed');
  expect(rows).not.toMatch(/an ink cartridge/);
  await site.close();
});
