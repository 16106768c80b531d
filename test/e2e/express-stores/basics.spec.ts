import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { HOUR } from '../../support/clock.js';
import { keyOf } from '../../support/ids.js';
import type { Site } from '../../support/site.js';
import { idOf, openNew } from './support/sites.js';
import { STORE_KINDS, type StoreKind } from './support/store-kinds.js';

/** What an application does with sessions, all of it, on real stores for express-session. */
describe.each(STORE_KINDS)('SessionModule on %s', (_name, make) => {
  let kind: StoreKind;
  let site: Site;

  beforeAll(async () => {
    kind = make();
    await kind.before();
  });
  afterAll(() => kind.after());
  beforeEach(async () => {
    await kind.clear();
    site = await openNew(kind.open());
  });
  afterEach(() => site.close());

  async function visitor(data: Record<string, unknown> = { color: 'green' }): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', data);
    site.events.splice(0);
    return client;
  }

  const read = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body;

  it('stores nothing for a visitor who changes nothing', async () => {
    expect((await site.client().get('/run/read')).setCookies).toEqual([]);
    expect(await kind.ids()).toEqual([]);
  });

  it('remembers a visitor, under the id in the cookie', async () => {
    const client = await visitor();
    expect(await kind.ids()).toEqual([idOf(client)]);
    expect(await read(client)).toEqual({ color: 'green' });
    const { body } = await client.get('/run/facts');
    expect(body).toMatchObject({ isNew: false, authenticatedAt: null });
    expect(Date.parse(body.expiresAt as string) - Date.parse(body.lastSeenAt as string)).toBe(24 * HOUR);
  });

  it('keeps values of every kind', async () => {
    const data = { text: 'ünï☃"\\\u2028', list: [1, [null, {}]], no: null, deep: { a: { b: false } }, '': 0 };
    expect(await read(await visitor(data))).toEqual(data);
  });

  it('stores changes and removals', async () => {
    const client = await visitor({ color: 'green', size: 1, deep: { er: 1 } });
    site.handle('change', ({ session }) => {
      session.color = 'red';
      delete session.size;
      (session.deep as { er: number }).er = 2;
    });
    await client.get('/run/change');
    expect(await read(client)).toEqual({ color: 'red', deep: { er: 2 } });
  });

  it('save() stores at once, reload() brings back what is stored', async () => {
    const client = await visitor();
    site.handle('back', async ({ session }) => {
      session.color = 'red';
      await session.save();
      session.color = 'blue';
      await session.reload();
      return { color: session.color };
    });
    expect((await client.get('/run/back')).body).toEqual({ color: 'red' });
  });

  it('login() gives the session a user and a new id, and the old id is dead', async () => {
    const client = await visitor();
    const stolen = client.copy();
    await client.post('/run/login', { userId: 'ann' });
    expect(idOf(client)).not.toBe(idOf(stolen));
    expect(await kind.ids()).toEqual([idOf(client)]);
    expect(await read(client)).toEqual({ color: 'green', userId: 'ann' });
    expect((await client.get('/run/facts')).body.authenticatedAt).not.toBeNull();
    expect(await read(stolen)).toEqual({});
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'rotated', userId: 'ann' }));
  });

  it('login() of a visitor without a session begins one', async () => {
    const client = site.client();
    await client.post('/run/login', { userId: 'ann' });
    expect(await read(client)).toEqual({ userId: 'ann' });
    expect(await kind.ids()).toEqual([idOf(client)]);
  });

  it.each(['logout', 'destroy'])('%s leaves no row, and takes the cookie back', async (end) => {
    const client = await visitor();
    const stolen = client.copy();
    await client.post(`/run/${end}`);
    expect(await kind.ids()).toEqual([]);
    expect(client.cookies.size).toBe(0);
    expect(await read(stolen)).toEqual({});
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'destroyed', reason: 'logout' }));
  });

  it('a second logout is no error', async () => {
    const client = await visitor();
    const stolen = client.copy();
    await client.post('/run/logout');
    expect((await stolen.post('/run/logout')).status).toBe(200);
  });

  it('rotate() keeps the data under a new id, and the old id is dead', async () => {
    const client = await visitor();
    const stolen = client.copy();
    await client.post('/run/rotate');
    expect(idOf(client)).not.toBe(idOf(stolen));
    expect(await kind.ids()).toEqual([idOf(client)]);
    expect(await read(client)).toEqual({ color: 'green' });
    expect(await read(stolen)).toEqual({});
  });

  it('regenerate() ends the session and begins an empty one', async () => {
    const client = await visitor();
    const stolen = client.copy();
    site.handle('again', async ({ req }) => {
      await req.session.regenerate();
      req.session.color = 'red';
    });
    await client.get('/run/again');
    expect(await kind.ids()).toEqual([idOf(client)]);
    expect(await read(client)).toEqual({ color: 'red' });
    expect(await read(stolen)).toEqual({});
  });

  it('flash values are read once', async () => {
    const client = await visitor();
    site.handle('tell', ({ session }) => session.flash('info', { saved: true }));
    site.handle('told', ({ session }) => session.flash('info'));
    await client.get('/run/tell');
    expect((await client.get('/run/told')).body).toEqual([{ saved: true }]);
    expect((await client.get('/run/told')).body).toEqual([]);
    expect(await read(client)).toEqual({ color: 'green' });
  });

  it('counts fifty when fifty increment', async () => {
    const client = await visitor();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.post('/run/increment')));
    const counts = answers.map(({ body }) => body.count as number).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(await read(client)).toEqual({ color: 'green', count: 50 });
  });

  it('serves many visitors at once', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => visitor({ n })));
    const answers = await Promise.all(clients.map(read));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
    expect(await kind.ids()).toHaveLength(20);
  });

  it('an id that exists is given to nobody else', async () => {
    const fixed = await openNew(kind.open(), { genid: () => 'always-the-same' });
    try {
      const [first, second] = [fixed.client(), fixed.client()];
      await first.post('/run/set', { color: 'green' });
      expect((await second.post('/run/set', { color: 'red' })).status).toBe(500);
      expect(second.cookies.size).toBe(0);
      expect(await read(first)).toEqual({ color: 'green' });
    } finally {
      await fixed.close();
    }
  });

  it('genid is asked for new sessions alone: a renewed id carries the key of its session', async () => {
    const ids = ['first', 'second'];
    const fixed = await openNew(kind.open(), { genid: () => ids.shift()! });
    try {
      const [first, second] = [fixed.client(), fixed.client()];
      await first.post('/run/set', { color: 'green' });
      await second.post('/run/set', { color: 'red' });
      const { handle } = (await second.get('/run/facts')).body as { handle: string };
      expect(handle).toBe(keyOf('second'));
      for (const way of ['login', 'rotate']) {
        const old = second.copy();
        expect((await second.post(`/run/${way}`, { userId: 'ann' })).status).toBe(200);
        expect(idOf(second)).toMatch(new RegExp(`^${handle}~[\\w-]{43}$`));
        expect(await read(old)).toEqual({});
      }
      expect(await read(first)).toEqual({ color: 'green' });
      expect(await read(second)).toEqual({ color: 'red', userId: 'ann' });
    } finally {
      await fixed.close();
    }
  });
});
