import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { type AnySession, deferred, type Site } from '../../support/site.js';
import { at, openNew } from './support/sites.js';
import { STORE_KINDS, type StoreKind } from './support/store-kinds.js';

/** Requests at the same time, on one instance and on two, each with a store object of its own. */
describe.each(STORE_KINDS)('requests at the same time on %s', (_name, make) => {
  let kind: StoreKind;
  let site: Site;
  let other: Site;

  beforeAll(async () => {
    kind = make();
    await kind.before();
  });
  afterAll(() => kind.after());
  beforeEach(async () => {
    await kind.clear();
    site = await openNew(kind.open());
    other = await openNew(kind.open());
  });
  afterEach(async () => {
    await site.close();
    await other.close();
  });

  const read = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body;

  async function visitor(data: Record<string, unknown> = { start: true }): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  /** A request that has read its session and waits to be let go. */
  async function late(place: Site, client: Client, change: (session: AnySession) => unknown) {
    const reached = deferred();
    const go = deferred();
    place.handle('late', async ({ session }) => {
      void session.start;
      reached.resolve();
      await go.promise;
      return change(session);
    });
    const own = at(place, client.copy());
    const answer = own.get('/run/late');
    await reached.promise;
    return {
      client: own,
      finish: async () => {
        go.resolve();
        return answer;
      },
    };
  }

  describe.each(['one instance', 'two instances'])('on %s', (where) => {
    const there = (): Site => (where === 'two instances' ? other : site);

    it('that change different keys both win', async () => {
      const client = await visitor();
      const slow = await late(there(), client, (session) => void (session.late = 1));
      await client.post('/run/set', { early: 1 });
      expect((await slow.finish()).status).toBe(200);
      expect(await read(client)).toEqual({ start: true, early: 1, late: 1 });
    });

    it('that change the same key: the last one wins, and removals are changes too', async () => {
      const client = await visitor({ start: true, color: 'green', size: 1 });
      const slow = await late(there(), client, (session) => {
        session.color = 'red';
        delete session.size;
      });
      await client.post('/run/set', { color: 'blue', other: 1 });
      await slow.finish();
      expect(await read(client)).toEqual({ start: true, color: 'red', other: 1 });
    });

    it('update() begins with what the other one stored', async () => {
      const client = await visitor({ list: ['a'] });
      const slow = await late(there(), client, (session) =>
        session.update((s) => void (s.list as string[]).push('late')),
      );
      await client.post('/run/set', { list: ['a', 'b'] });
      await slow.finish();
      expect(await read(client)).toEqual({ list: ['a', 'b', 'late'] });
    });

    it.each(['logout', 'destroy', 'regenerate'])('%s wins over a late change', async (end) => {
      const client = await visitor();
      const stolen = client.copy();
      const slow = await late(there(), client, (session) => void (session.late = 1));
      await client.post(`/run/${end}`);
      expect(await slow.finish()).toMatchObject({ status: 200, setCookies: [] });
      expect(await kind.ids()).toEqual([]);
      expect(await read(stolen)).toEqual({});
    });

    it('logout wins over a late touch', async () => {
      const client = await visitor();
      const slow = await late(there(), client, (session) => void session.touch());
      await client.post('/run/logout');
      await slow.finish();
      expect(await kind.ids()).toEqual([]);
    });

    it('update() in a session that was ended meanwhile is refused with 401', async () => {
      const client = await visitor();
      const slow = await late(there(), client, (session) => session.update((s) => void (s.late = 1)));
      await client.post('/run/logout');
      expect((await slow.finish()).status).toBe(401);
      expect(await kind.ids()).toEqual([]);
    });

    it('login wins over a late change under the old id', async () => {
      const client = await visitor();
      const slow = await late(there(), client, (session) => void (session.late = 1));
      await client.post('/run/login', { userId: 'ann' });
      expect((await slow.finish()).setCookies).toEqual([]);
      expect(await kind.ids()).toHaveLength(1);
      expect(await read(client)).toEqual({ start: true, userId: 'ann' });
    });

    it('a late touch takes nothing back', async () => {
      const client = await visitor();
      const slow = await late(there(), client, (session) => void session.touch());
      await client.post('/run/set', { early: 1 });
      await slow.finish();
      expect(await read(client)).toEqual({ start: true, early: 1 });
    });
  });

  it('a logout that met a rotation in this process ends the session under both ids', async () => {
    const client = await visitor();
    const slow = await late(site, client, (session) => session.logout());
    await client.post('/run/rotate');
    await slow.finish();
    expect(await kind.ids()).toEqual([]);
    expect(await read(client)).toEqual({});
  });

  it('two instances that take turns never lose what the other stored', async () => {
    const client = await visitor();
    const twin = at(other, client);
    for (let turn = 0; turn < 5; turn++) {
      await client.post('/run/increment');
      await twin.post('/run/increment');
    }
    expect(await read(twin)).toEqual({ start: true, count: 10 });
  });

  it('what ends on one instance is dead for the next request on the other', async () => {
    const client = await visitor();
    const twin = at(other, client.copy());
    await twin.post('/run/set', { there: 1 });
    const again = at(other, twin.copy());
    await twin.post('/run/logout');
    expect(await read(client)).toEqual({});
    expect(await read(again)).toEqual({});
  });
});
