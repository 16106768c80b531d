import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../lib/index.js';
import { type Backend, BACKENDS, IN_COOKIES, openSite, type Site } from '../support/site.js';

const ENCRYPTED: Partial<SessionModuleOptions> = { encryption: { keys: ['5a'.repeat(32)] } };

/** Every store, and those on a server with encryption, too. Sessions in cookies are always encrypted. */
const PLACES: readonly [string, () => Promise<Backend>, Partial<SessionModuleOptions>][] = [
  ...Object.entries(BACKENDS).flatMap<(typeof PLACES)[number]>(([kind, open]) => [
    [kind, open, {}],
    [`${kind}, encrypted`, open, ENCRYPTED],
  ]),
  ...Object.entries(IN_COOKIES).map<(typeof PLACES)[number]>(([kind, open]) => [kind, open, {}]),
];

/** Data that looks like what this package writes around data. */
const LOOK_ALIKES: readonly object[] = [
  { $sealed: '1.x' },
  { $sealed: '1.AAAAAA.AAAA' },
  { $sealed: '01.x' },
  { $sealed: '2.x' },
  { $sealed: 1 },
  { $sealed: '1.x', more: 1 },
  { more: 1, $sealed: '1.x' },
  { $sealed: { $sealed: '1.x' } },
  { $plain: '1.x' },
];

describe.each(PLACES)('data that looks like a sealed session (%s)', (_, open, options) => {
  let backend: Backend;
  let site: Site;

  beforeAll(async () => {
    backend = await open();
    site = await openSite(backend, options);
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  it.each(LOOK_ALIKES.map((data) => [JSON.stringify(data), data] as const))(
    '%s comes back, and again after a change beside it',
    async (_text, data) => {
      const client = site.client();
      expect((await client.post('/run/set', data)).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual(data);
      expect((await client.post('/run/set', { beside: 1 })).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ ...data, beside: 1 });
      expect(site.events.filter(({ type }) => type === 'rejected')).toEqual([]);
    },
  );
});
