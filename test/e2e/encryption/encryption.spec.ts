import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { readSession } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type Backend, BACKENDS, KINDS, openSite, type Site } from '../../support/site.js';

const OLD = randomBytes(32);
const NEW = randomBytes(32);

describe.each(KINDS)('sealed sessions in the store: %s', (kind) => {
  let backend: Backend;
  let site: Site;

  beforeEach(async () => {
    backend = await BACKENDS[kind]();
    await start({ encryption: { keys: [OLD] } });
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  async function start(options: Partial<SessionModuleOptions>): Promise<void> {
    site = await openSite(backend, options);
    site.handle('flash', ({ session, body }) => session.flash('notice', body.text));
    site.handle('notices', ({ session }) => session.flash('notice'));
  }

  async function restart(options: Partial<SessionModuleOptions>): Promise<void> {
    await site.close();
    await start(options);
  }

  async function stored(client: Client) {
    const handle = (await as(client).get('/run/facts')).body.handle as string;
    const [record] = await backend.store.read([handle]);
    return record!;
  }

  /** The same browser, at wherever the application listens by now. */
  function as(client: Client): Client {
    const moved = site.client();
    for (const [name, value] of client.cookies) moved.cookies.set(name, value);
    return moved;
  }

  async function visitor(): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', { cart: ['an ink cartridge'] });
    await client.post('/run/flash', { text: 'a warm welcome' });
    return client;
  }

  test('data and flash values can be read by the application alone', async () => {
    const client = await visitor();
    const record = await stored(client);
    expect(JSON.stringify(record)).not.toMatch(/an ink cartridge|a warm welcome/);
    expect((await client.get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });
    expect((await client.get('/run/notices')).body).toEqual(['a warm welcome']);
    expect((await client.get('/run/notices')).body).toEqual([]);
  });

  test('a hundred increments at once count a hundred, through rotation and login', async () => {
    const client = await visitor();
    await Promise.all(Array.from({ length: 100 }, () => client.get('/run/increment')));
    await client.post('/run/login', { userId: '7' });
    await client.post('/run/rotate');
    expect((await client.get('/run/read')).body).toEqual({
      cart: ['an ink cartridge'],
      count: 100,
      userId: '7',
    });
  });

  test('a row that was copied over another is a fresh session and an event, and the other one is unharmed', async () => {
    const [victim, thief] = [await visitor(), await visitor()];
    await victim.post('/run/login', { userId: 'admin' });
    const target = await stored(thief);
    const { data, meta, userId, authenticatedAt } = await stored(victim);
    await site.spy.tamper(target.key, { data, meta, userId, authenticatedAt });
    site.events.splice(0);

    const answer = await thief.get('/run/read');
    expect([answer.status, answer.body]).toEqual([200, {}]);
    expect(site.events).toEqual([expect.objectContaining({ type: 'rejected', reason: 'corrupt' })]);
    expect((await victim.get('/run/read')).body).toEqual({ cart: ['an ink cartridge'], userId: 'admin' });
  });

  test('a user who was exchanged beside the seal is a fresh session', async () => {
    const client = await visitor();
    await client.post('/run/login', { userId: '7' });
    await site.spy.tamper((await stored(client)).key, { userId: 'admin' });
    expect((await client.get('/run/read')).body).toEqual({});
  });

  test('a key is exchanged without signing anybody out: the first use seals anew', async () => {
    const reader = await visitor();
    await restart({ encryption: { keys: [NEW, OLD] } });
    expect((await as(reader).get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });

    await restart({ encryption: { keys: [NEW] } });
    expect((await as(reader).get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });
    expect((await as(reader).get('/run/notices')).body).toEqual(['a warm welcome']);
  });

  test('use after the exchange costs one write, not one each time', async () => {
    const client = await visitor();
    await restart({ encryption: { keys: [NEW, OLD] } });
    await as(client).get('/run/read');
    site.spy.reset();
    await as(client).get('/run/read');
    expect(site.spy.count('update')).toBe(0);
  });

  test('a key that is missing is told of once, without the key', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const clients = [await visitor(), await visitor()];
    await restart({ encryption: { keys: [NEW] } });
    for (const client of clients) expect((await as(client).get('/run/read')).body).toEqual({});
    const said = warn.mock.calls.filter(([text]) => String(text).includes('encryption.keys'));
    warn.mockRestore();
    expect(said).toHaveLength(1);
  });

  test('plain rows are refused, unless they are asked for; then their first use seals them', async () => {
    await restart({});
    const [early, late] = [await visitor(), await visitor()];
    await restart({ encryption: { keys: [OLD], acceptPlain: true } });
    expect((await as(early).get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });
    await restart({ encryption: { keys: [OLD] } });
    expect((await as(early).get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });
    expect((await as(late).get('/run/read')).body).toEqual({});
  });

  test('a save() of a plain row seals it whole, flash values included', async () => {
    await restart({});
    const client = await visitor();
    await restart({ encryption: { keys: [OLD], acceptPlain: true } });
    site.handle('save', ({ session }) => session.save());
    await as(client).get('/run/save');
    expect(JSON.stringify(await stored(client))).not.toMatch(/an ink cartridge|a warm welcome/);
    expect((await as(client).get('/run/read')).body).toEqual({ cart: ['an ink cartridge'] });
    expect((await as(client).get('/run/notices')).body).toEqual(['a warm welcome']);
  });

  test('without the option, what is sealed is a fresh session, and never data', async () => {
    const client = await visitor();
    await restart({});
    const answer = await as(client).get('/run/read');
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });

  test('the testing kit sees what the application sees', async () => {
    const client = await visitor();
    const seen = await readSession(site.app, client.cookieHeader);
    expect([seen?.data, seen?.flash]).toEqual([
      { cart: ['an ink cartridge'] },
      { notice: ['a warm welcome'] },
    ]);
  });

  test('the size of the data counts, not that of its seal', async () => {
    await restart({ encryption: { keys: [OLD] }, maxDataBytes: 1_000 });
    const client = site.client();
    expect((await client.post('/run/set', { text: 'x'.repeat(980) })).status).toBe(200);
    expect((await client.post('/run/set', { text: 'x'.repeat(1_001) })).status).toBe(500);
    expect((await client.get('/run/read')).body).toEqual({ text: 'x'.repeat(980) });
  });
});
