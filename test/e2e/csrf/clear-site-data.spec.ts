import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { BACKENDS, type Backend, openSite, type Site, type Visit } from '../../support/site.js';

const HEADER = 'clear-site-data';

describe('Clear-Site-Data', () => {
  let backend: Backend;
  let site: Site;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(() => site.close());
  afterAll(() => backend.close());

  async function member(): Promise<Client> {
    const client = site.client();
    await client.post('/run/login', { userId: 'ada' });
    return client;
  }

  it.each(['logout', 'destroy'])('goes with the response that ends a session: %s()', async (way) => {
    site = await openSite(backend, { clearSiteData: true });
    const client = await member();
    const { headers } = await client.post(`/run/${way}`);
    expect(headers.get(HEADER)).toBe('"cache", "storage"');
    expect(client.cookies.size).toBe(0);
  });

  it('goes with it when the handler answers by itself, and with a redirect', async () => {
    site = await openSite(backend, { clearSiteData: ['cookies', 'storage'] });
    site.handle('bye', async ({ session, res }) => {
      await session.logout();
      res.redirect(303, '/');
    });
    const { status, headers } = await (await member()).post('/raw/bye');
    expect([status, headers.get(HEADER)]).toEqual([303, '"cookies", "storage"']);
  });

  it('goes with nothing else', async () => {
    site = await openSite(backend, { clearSiteData: true });
    const client = await member();
    const others = ['read', 'set', 'login', 'rotate', 'nothing'];
    for (const name of others) expect((await client.post(`/run/${name}`)).headers.get(HEADER)).toBeNull();
    expect((await site.client().post('/run/logout')).headers.get(HEADER)).toBeNull();
  });

  it('is off unless it is asked for', async () => {
    site = await openSite(backend);
    expect((await (await member()).post('/run/logout')).headers.get(HEADER)).toBeNull();
  });

  it.each<[string, (res: Visit['res']) => void]>([
    ['set', (res) => void res.set('Clear-Site-Data', '"cookies"')],
    ['written with the head', (res) => void res.writeHead(200, { 'Clear-Site-Data': '"cookies"' })],
  ])('leaves the header alone that the application has %s', async (_, answer) => {
    site = await openSite(backend, { clearSiteData: true });
    site.handle('bye', async ({ session, res }) => {
      await session.logout();
      answer(res);
      res.end();
    });
    expect((await (await member()).post('/raw/bye')).headers.get(HEADER)).toBe('"cookies"');
  });

  it('does not go with a login that follows the logout', async () => {
    site = await openSite(backend, { clearSiteData: true });
    site.handle('switch', async ({ session }) => {
      await session.logout();
      await session.login('bob');
    });
    const client = await member();
    const { headers } = await client.post('/run/switch');
    expect([headers.get(HEADER), client.cookies.size]).toEqual([null, 1]);
  });
});
