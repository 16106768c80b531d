import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { SessionStoreError } from '../../../lib/index.js';
import type { Answer, Client } from '../../support/client.js';
import { deferred, type Site } from '../../support/site.js';
import { RowStore, type StoreMethod } from './support/rows.js';
import { idOf, openNew } from './support/sites.js';

const SILENT: readonly [string, string] = ['never calls back', 'returns a promise that never settles'];

/** A store for express-session that fails, is slow, or never answers. */
describe('a store that', () => {
  let store: RowStore;
  let site: Site;
  let client: Client;

  beforeEach(() => {
    store = new RowStore();
  });
  afterEach(() => site.close());

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<void> {
    site = await openNew(store, options);
    client = site.client();
    await client.post('/run/set', { color: 'green' });
    site.events.splice(0);
  }

  /** What a visitor does that comes to a method of the store. */
  const VISITS: [method: StoreMethod, path: string, begin: boolean][] = [
    ['get', '/run/read', false],
    ['get', '/run/logout', false],
    ['set', '/run/set', false],
    ['set', '/run/set', true],
    ['set', '/run/increment', false],
    ['set', '/run/login', false],
    ['destroy', '/run/login', false],
    ['destroy', '/run/logout', false],
    ['destroy', '/run/rotate', false],
  ];

  const visit = (path: string, begin: boolean): Promise<Answer> =>
    (begin ? site.client() : client.copy()).post(path, { color: 'red', userId: 'ann' });

  function expectUnavailable(answer: Answer): void {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.setCookies).toEqual([]);
    expect(answer.text).not.toContain('password');
    expect(site.events).toContainEqual({
      type: 'storeError',
      at: expect.any(Date),
      error: expect.any(SessionStoreError),
    });
  }

  const FAULTS: [name: string, fail: (method: StoreMethod) => void][] = [
    [
      'calls back with an error',
      (failing) => {
        store.before = (method) => {
          if (method === failing) throw new Error('ECONNREFUSED with a password in it');
        };
      },
    ],
    [
      'calls back with text for an error',
      (failing) => {
        store.before = (method) =>
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- some stores do
          method === failing ? Promise.reject('a password') : undefined;
      },
    ],
    ['throws at once', (failing) => Object.assign(store, { [failing]: thrower(new Error('password')) })],
    ['throws no error at once', (failing) => Object.assign(store, { [failing]: thrower({ password: 1 }) })],
    [
      'rejects',
      (failing) => Object.assign(store, { [failing]: () => Promise.reject(new Error('password')) }),
    ],
    [
      'rejects with nothing',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- some stores do
      (failing) => Object.assign(store, { [failing]: () => Promise.reject() }),
    ],
    [SILENT[0], (failing) => Object.assign(store, { [failing]: () => undefined })],
    [SILENT[1], (failing) => Object.assign(store, { [failing]: never })],
  ];

  function thrower(error: unknown): () => never {
    return () => {
      throw error;
    };
  }

  const never = (): Promise<void> => new Promise(() => undefined);

  describe.each(FAULTS)('%s', (name, fail) => {
    it.each(VISITS)(
      'in %s: 503 with Retry-After for %s (of a new visitor: %s)',
      async (method, path, begin) => {
        await open({ storeTimeout: '300ms' });
        const whole = { get: store.get, set: store.set, destroy: store.destroy, before: store.before };
        fail(method);
        expectUnavailable(await visit(path, begin));
        Object.assign(store, whole);
        // What was stored before is what is stored after. Of a renewal under way nobody knows: its old id is given up.
        const isRenewal = method === 'destroy' && path !== '/run/logout';
        const left = isRenewal && SILENT.includes(name) ? {} : { color: 'green' };
        expect((await client.get('/run/read')).body).toEqual(left);
      },
    );
  });

  it('says ENOENT has no such session', async () => {
    await open();
    store.before = (method) => {
      if (method !== 'set') throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    const stolen = client.copy();
    expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {} });
    expect(site.events).toEqual([expect.objectContaining({ type: 'rejected', reason: 'unknown' })]);
    expect((await stolen.post('/run/login', { userId: 'ann' })).status).toBe(200);
    expect(idOf(stolen)).not.toBe(idOf(client));
  });

  it('says ENOENT when a session is removed that is gone is right', async () => {
    await open();
    store.before = (method) => {
      if (method === 'destroy') throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    expect((await client.copy().post('/run/login', { userId: 'ann' })).status).toBe(200);
    expect((await client.post('/run/logout')).status).toBe(200);
  });

  it('fails for one session fails for no other', async () => {
    await open();
    const other = site.client();
    await other.post('/run/set', { color: 'blue' });
    const bad = idOf(client);
    store.before = (_method, id) => {
      if (id === bad) throw new Error('a bad row');
    };
    const answers = await Promise.all(
      [client, other, client, other].map((visitor) => visitor.post('/run/set', { size: 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 503, 200]);
    expect((await other.get('/run/read')).body).toEqual({ color: 'blue', size: 1 });
  });

  it.each<StoreMethod>(['get', 'set', 'destroy'])(
    'is slow in %s for one session is slow for no other',
    async (method) => {
      await open();
      const others = await Promise.all(
        [1, 2, 3].map(async (n) => {
          const other = site.client();
          await other.post('/run/set', { n });
          return other;
        }),
      );
      const slow = idOf(client);
      const go = deferred();
      store.before = (called, id) => (called === method && id === slow ? go.promise : undefined);
      const late = client.post('/run/login', { userId: 'ann' });
      for (const other of others)
        expect((await other.post('/run/login', { userId: 'bob' })).status).toBe(200);
      go.resolve();
      expect((await late).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green', userId: 'ann' });
    },
  );

  it('is back after an outage serves again', async () => {
    await open();
    store.before = () => {
      throw new Error('down');
    };
    expectUnavailable(await client.get('/run/read'));
    store.before = () => undefined;
    expect((await client.post('/run/set', { size: 1 })).status).toBe(200);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', size: 1 });
  });

  it('fails after a logout that failed: the session lives on, until one succeeds', async () => {
    await open();
    store.before = (method) => {
      if (method === 'destroy') throw new Error('down');
    };
    expect((await client.copy().post('/run/logout')).status).toBe(503);
    store.before = () => undefined;
    await client.post('/run/set', { size: 1 });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', size: 1 });
    const stolen = client.copy();
    expect((await client.post('/run/logout')).status).toBe(200);
    expect((await stolen.get('/run/read')).body).toEqual({});
  });

  it('does not answer goes unnoticed by visitors without a cookie, and by onStoreError "anonymous"', async () => {
    await open({ onStoreError: 'anonymous' });
    store.before = () => {
      throw new Error('down');
    };
    expect((await site.client().get('/run/read')).status).toBe(200);
    expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {}, setCookies: [] });
    store.before = () => undefined;
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });
});
