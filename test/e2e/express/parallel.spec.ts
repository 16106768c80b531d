import { afterEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import dropIn from '../../../lib/express/index.js';
import { PEERS, type SessionFunction, stopServers } from './support/peers.js';
import {
  type AnySession,
  as,
  called,
  dataOf,
  deferred,
  failure,
  fakeStore,
  type FakeStore,
  idsOf,
  type Route,
  type Site,
  site,
  type Visit,
} from './support/store-helpers.js';

describe('parallel', () => {
  afterEach(stopServers);

  /** A request that has loaded its session and waits to be let go on. */
  interface Held {
    readonly client: Client;
    /** What the request does once it may go on. */
    readonly go: () => Promise<unknown>;
  }

  interface Scene extends Site {
    readonly store: FakeStore;
    readonly visitor: (data?: Record<string, unknown>) => Promise<Client>;
    readonly hold: (client: Client, then: (session: AnySession, req: Visit) => unknown) => Promise<Held>;
  }

  async function open(session: SessionFunction, options: object = {}): Promise<Scene> {
    const store = fakeStore(session);
    const held = new Map<string, Route>();
    const routes: Record<string, Route> = {
      '/read': (req) => dataOf(req.session),
      '/set': (req) => {
        Object.assign(req.session, JSON.parse(as<string>(req.headers['x-data'])));
        return { id: req.session.id };
      },
      '/destroy': async (req) => {
        await called((done) => req.session.destroy(done));
        return 'ok';
      },
      '/regenerate': async (req) => {
        await called((done) => req.session.regenerate(done));
        return 'ok';
      },
    };
    const opened = await site(
      session,
      new Proxy(routes, { get: (known, path: string) => known[path] ?? held.get(path) }),
      { store, ...options },
    );
    return {
      ...opened,
      store,
      async visitor(data = { start: true }) {
        const client = opened.client();
        await set(client, data);
        return client;
      },
      async hold(client, then) {
        const path = `/held-${held.size}`;
        const loaded = deferred();
        const released = deferred();
        held.set(path, async (req) => {
          const { session } = req;
          void session.start;
          loaded.resolve();
          await released.promise;
          return (await then(session, req)) ?? 'ok';
        });
        const own = client.copy();
        const answer = own.get(path);
        await loaded.promise;
        return {
          client: own,
          go: async () => {
            released.resolve();
            return (await answer).body as unknown;
          },
        };
      },
    };
  }

  async function set(client: Client, data: Record<string, unknown>): Promise<unknown> {
    client.headers['x-data'] = JSON.stringify(data);
    return (await client.get('/set')).body as unknown;
  }
  const read = async (client: Client): Promise<unknown> => (await client.get('/read')).body as unknown;

  describe.each(PEERS)('%s: requests at the same time', (_, session) => {
    it('of 50 new visitors: each has an id, a cookie and a row of its own', async () => {
      const { client, store } = await open(session);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_value, n) => {
          const visitor = client();
          visitor.headers['x-data'] = JSON.stringify({ n });
          return visitor.get('/set');
        }),
      );
      const ids = answers.map(({ body }) => as<string>(body.id));
      expect(answers.flatMap(({ setCookies }) => idsOf(setCookies))).toEqual(ids);
      expect(new Set(ids).size).toBe(50);
      expect([...store.rows.keys()].sort()).toEqual([...ids].sort());
      expect(ids.map((id) => as<{ n: number }>(JSON.parse(store.rows.get(id)!)).n)).toEqual([...ids.keys()]);
    });

    it('of 50 visitors who come again: each sees its own data', async () => {
      const { client } = await open(session);
      const visitors = Array.from({ length: 50 }, () => client());
      await Promise.all(visitors.map((visitor, n) => set(visitor, { n })));
      expect(await Promise.all(visitors.map(read))).toEqual(visitors.map((_value, n) => ({ n })));
    });

    it('of one visitor who only reads: all see the same, none gets another id', async () => {
      const { visitor, store } = await open(session);
      const client = await visitor({ color: 'green' });
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.copy().get('/read')));
      expect(answers.map(({ body }) => as<unknown>(body))).toEqual(answers.map(() => ({ color: 'green' })));
      expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual([]);
      expect(store.rows.size).toBe(1);
    });

    it('of two visitors: neither sees what the other does', async () => {
      const { visitor, hold } = await open(session);
      const [first, second] = [await visitor({ who: 1 }), await visitor({ who: 2 })];
      const one = await hold(first, (value) => void (value.done = value.who));
      const two = await hold(second, (value) => void (value.done = value.who));
      await one.go();
      await two.go();
      expect([await read(first), await read(second)]).toEqual([
        { who: 1, done: 1 },
        { who: 2, done: 2 },
      ]);
    });

    it('of which the one that only reads ends last: the change of the other stays', async () => {
      const { visitor, hold } = await open(session);
      const client = await visitor();
      const reader = await hold(client, dataOf);
      await set(client, { color: 'red' });
      expect(await reader.go()).toEqual({ start: true });
      expect(await read(client)).toEqual({ start: true, color: 'red' });
    });

    it('that change the same key: the last to end wins', async () => {
      const { visitor, hold } = await open(session);
      const client = await visitor({ color: 'green' });
      const first = await hold(client, (value) => void (value.color = 'red'));
      const second = await hold(client, (value) => void (value.color = 'blue'));
      await second.go();
      await first.go();
      expect(await read(client)).toEqual({ color: 'red' });
    });

    it('of a new visitor without a cookie: each answer has a session of its own', async () => {
      const { client, hold, store } = await open(session);
      const [one, two] = [
        await hold(client(), (value) => void (value.n = 1)),
        await hold(client(), (value) => void (value.n = 2)),
      ];
      await Promise.all([one.go(), two.go()]);
      expect(store.data.toSorted((a, b) => as<{ n: number }>(a).n - as<{ n: number }>(b).n)).toEqual([
        { n: 1 },
        { n: 2 },
      ]);
      expect(await read(one.client)).toEqual({ n: 1 });
      expect(await read(two.client)).toEqual({ n: 2 });
    });

    it('of which one that only reads ends after a destroy(): nothing comes back', async () => {
      const { visitor, hold, store } = await open(session);
      const client = await visitor();
      const reader = await hold(client, dataOf);
      await client.copy().get('/destroy');
      await reader.go();
      expect(store.rows.size).toBe(0);
      expect(await read(client)).toEqual({});
    });

    it('that reload() see what the other has stored meanwhile', async () => {
      const { visitor, hold } = await open(session);
      const client = await visitor();
      const late = await hold(client, async (value, req) => {
        await called((done) => value.reload(done));
        return dataOf(req.session);
      });
      await set(client, { color: 'red' });
      expect(await late.go()).toEqual({ start: true, color: 'red' });
    });
  });

  describe('chosen differences: nest-session/express: requests at the same time', () => {
    it('that change different keys both win', async () => {
      const { visitor, hold } = await open(dropIn);
      const client = await visitor();
      const first = await hold(client, (value) => void (value.first = 1));
      const second = await hold(client, (value) => void (value.second = 2));
      await second.go();
      await first.go();
      expect(await read(client)).toEqual({ start: true, first: 1, second: 2 });
    });

    it('that change different keys both win when they end at once', async () => {
      const { visitor, hold } = await open(dropIn);
      const client = await visitor();
      const held = [];
      for (let n = 0; n < 10; n++) held.push(await hold(client, (value) => void (value[`key${n}`] = n)));
      await Promise.all(held.map((request) => request.go()));
      expect(Object.keys(as<object>(await read(client)))).toHaveLength(11);
    });

    it('of which one deletes a key and one adds another: both win', async () => {
      const { visitor, hold } = await open(dropIn);
      const client = await visitor({ start: true, color: 'green' });
      const first = await hold(client, (value) => delete value.color);
      const second = await hold(client, (value) => void (value.size = 2));
      await second.go();
      await first.go();
      expect(await read(client)).toEqual({ start: true, size: 2 });
    });

    it('that save() by themselves both win', async () => {
      const { visitor, hold } = await open(dropIn);
      const client = await visitor();
      const saving = (key: string) => async (value: AnySession) => {
        value[key] = 1;
        await called((done) => value.save(done));
        return 'saved';
      };
      const first = await hold(client, saving('first'));
      const second = await hold(client, saving('second'));
      await second.go();
      await first.go();
      expect(await read(client)).toEqual({ start: true, first: 1, second: 1 });
    });

    it.each([true, false])('with resave: %s, one that only reads overwrites nothing', async (resave) => {
      const { visitor, hold } = await open(dropIn, { resave });
      const client = await visitor();
      const reader = await hold(client, dataOf);
      await set(client, { color: 'red' });
      await reader.go();
      expect(await read(client)).toEqual({ start: true, color: 'red' });
    });

    it.each(['/destroy', '/regenerate'])('a late change brings nothing back after %s', async (path) => {
      const { visitor, hold, store } = await open(dropIn);
      const client = await visitor();
      const thief = client.copy();
      const [old] = store.rows.keys();
      const late = await hold(client, (value) => void (value.color = 'red'));
      await client.get(path);
      await late.go();
      expect(store.rows.has(old!)).toBe(false);
      expect(await read(thief)).toEqual({});
    });

    it.each([true, false])(
      'a late touch brings nothing back after destroy() (resave: %s)',
      async (resave) => {
        const { visitor, hold, store } = await open(dropIn, { resave, rolling: true });
        const client = await visitor();
        const late = await hold(client, (value) => void value.touch());
        await client.copy().get('/destroy');
        await late.go();
        expect(store.rows.size).toBe(0);
      },
    );

    it('a late save() brings nothing back after destroy()', async () => {
      const { visitor, hold, store } = await open(dropIn);
      const client = await visitor();
      const late = await hold(client, async (value) => {
        value.color = 'red';
        await failure((done) => value.save(done));
        return 'ok';
      });
      await client.copy().get('/destroy');
      await late.go();
      expect(store.rows.size).toBe(0);
    });
  });
});
