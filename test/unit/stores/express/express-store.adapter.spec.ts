import { beforeEach, describe, expect, it } from '@jest/globals';
import { SessionDataError, SessionOptionsError } from '../../../../lib/index.js';
import type { ExpressSessionStore } from '../../../../lib/stores/express/express-session-store.js';
import {
  ExpressStoreAdapter,
  type ExpressStoreAdapterOptions,
} from '../../../../lib/stores/express/express-store.adapter.js';
import { versionOf } from '../../../../lib/stores/express/session-row.js';
import { defer } from '../../core/support/deferred.js';
import { changeOf, FakeStore, newKey, newRecord } from './support.js';

let store: FakeStore;
let adapter: ExpressStoreAdapter;

beforeEach(() => {
  store = new FakeStore();
  adapter = new ExpressStoreAdapter(store);
});

describe('an adapter', () => {
  it('says what it is: one call a session, cookies kept, no previous keys, ids for keys unless hashed', () => {
    expect({ ...adapter }).toEqual({
      sharesCalls: false,
      keepsCookies: true,
      keepsPreviousKeys: false,
      keepsIds: true,
    });
    expect(new ExpressStoreAdapter(store, {}).keepsIds).toBe(true);
    expect(new ExpressStoreAdapter(store, { hashIds: false }).keepsIds).toBe(true);
    expect(new ExpressStoreAdapter(store, { hashIds: true }).keepsIds).toBe(false);
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://app:hunter2@cache.test', 'a string'],
    [{ get: () => 1, set: () => 1 }, 'an object'],
    [FakeStore, 'the function FakeStore'],
    [new Map(), 'a Map'],
  ])('of %p is refused', (given, shown) => {
    expect(() => new ExpressStoreAdapter(given as unknown as ExpressSessionStore)).toThrow(
      new SessionOptionsError(
        `ExpressStoreAdapter: ${shown} was given; accepted: a store for express-session, with the methods get, set and destroy.`,
      ),
    );
  });

  it.each([
    [
      { hashIds: 'yes' },
      'ExpressStoreAdapter option "hashIds": a string was given; accepted: true or false.',
    ],
    [{ hashIds: null }, 'ExpressStoreAdapter option "hashIds": null was given; accepted: true or false.'],
    [{ hashId: true }, 'ExpressStoreAdapter option "hashId" is not known; the options are: hashIds.'],
  ])('with %j is refused', (options, message) => {
    const make = (): unknown => new ExpressStoreAdapter(store, options as ExpressStoreAdapterOptions);
    expect(make).toThrow(new SessionOptionsError(message));
  });

  it('asks about several sessions at once, and answers in order', async () => {
    const records = [newRecord(), newRecord(), newRecord()];
    const gate = defer();
    store.before = () => gate.promise;
    const made = adapter.create(records);
    expect(store.calls).toHaveLength(3);
    gate.resolve();
    expect(await made).toEqual([true, true, true]);
    const found = await adapter.read([records[2]!.key, newKey(), records[0]!.key]);
    expect(found).toEqual([records[2], undefined, records[0]]);
  });

  it('answers the sessions whose calls fail with their errors, and the others all the same', async () => {
    const [good, bad] = [newRecord(), newRecord()];
    await adapter.create([good, bad]);
    const error = new Error('no');
    store.before = (_method, id) => {
      if (id === bad.key) throw error;
    };
    expect(await adapter.create([newRecord(), bad])).toEqual([true, error]);
    expect(await adapter.update([changeOf(bad), changeOf(good)])).toEqual([error, true]);
    expect(await adapter.delete([bad.key, good.key])).toEqual([error, true]);
    await expect(adapter.read([good.key, bad.key])).rejects.toBe(error);
  });

  it.each(['text', 7, { code: 'EOTHER' }])('makes an error of what is none (%p)', async (thrown) => {
    store.set = (_id, _session, done) => done(thrown);
    const [outcome] = await adapter.create([newRecord()]);
    expect(outcome).toBeInstanceOf(Error);
    expect(outcome).toMatchObject({ message: expect.stringContaining('instead of an error'), cause: thrown });
    expect((outcome as Error).message).not.toContain('EOTHER');
  });
});

describe('create', () => {
  it('refuses a key that exists, and leaves its row alone', async () => {
    const record = newRecord();
    await adapter.create([record]);
    store.calls.splice(0);
    expect(await adapter.create([{ ...record, data: '{"other":1}' }])).toEqual([false]);
    expect(store.calls).toEqual([`get ${record.key}`]);
    expect(await adapter.read([record.key])).toEqual([record]);
  });

  it('refuses a key whose row nobody can make sense of', async () => {
    store.rows.set('key', { no: 'cookie' });
    expect(await adapter.create([newRecord({ key: 'key' })])).toEqual([false]);
    expect(store.rows.get('key')).toEqual({ no: 'cookie' });
  });
});

describe('update', () => {
  it('writes where the row has the version, and nowhere else', async () => {
    const record = newRecord({ version: 5 });
    await adapter.create([record]);
    for (const version of [4, 6, 0]) {
      expect(await adapter.update([{ ...changeOf(record), version }])).toEqual([false]);
    }
    expect(await adapter.update([changeOf(newRecord())])).toEqual([false]);
    expect(await adapter.read([record.key])).toEqual([record]);
    const change = changeOf(record, { data: '{"n":2}' });
    expect(await adapter.update([change])).toEqual([true]);
    expect(await adapter.read([record.key])).toEqual([change.next]);
  });

  it('takes the digest of its data for the version of what express-session wrote', async () => {
    store.rows.set('key', { cookie: { expires: null }, n: 1 });
    const [record] = await adapter.read(['key']);
    expect(record).toMatchObject({ version: versionOf('{"n":1}'), due: 'touch' });
    store.rows.set('key', { cookie: { expires: 'another' }, n: 1 });
    expect(await adapter.update([changeOf(record!)])).toEqual([true]);
    store.rows.set('key', { cookie: {}, n: 1 });
    store.rows.set('other', { cookie: {}, n: 2 });
    expect(await adapter.update([changeOf(record!), changeOf({ ...record!, key: 'other' })])).toEqual([
      true,
      false,
    ]);
  });

  it('moves a row to its new key: the new one is there before the old one goes', async () => {
    const record = newRecord();
    await adapter.create([record]);
    store.calls.splice(0);
    const change = changeOf(record, { key: newKey(), previousKey: record.key });
    expect(await adapter.update([change])).toEqual([true]);
    const [old, made] = [record.key, change.next.key];
    expect(store.calls).toEqual([`get ${old}`, `get ${made}`, `set ${made}`, `destroy ${old}`]);
    expect([...store.rows.keys()]).toEqual([made]);
    expect(await adapter.read([made])).toEqual([{ ...change.next, previousKey: null }]);
  });

  it('answers changes that hold and changes that do not in order', async () => {
    const [right, wrong, gone, renewed] = [newRecord(), newRecord(), newRecord(), newRecord()];
    await adapter.create([right, wrong, renewed]);
    const changes = [
      { ...changeOf(wrong), version: 7 },
      changeOf(right),
      changeOf(gone),
      changeOf(renewed, { key: newKey() }),
    ];
    expect(await adapter.update(changes)).toEqual([false, true, false, true]);
  });

  it('leaves the key that a session had before free for another, and finds the session by its new key alone', async () => {
    const record = newRecord();
    await adapter.create([record]);
    const renewal = changeOf(record, { key: newKey() });
    await adapter.update([renewal]);
    expect(await adapter.read([record.key])).toEqual([undefined]);
    expect(await adapter.create([record])).toEqual([true]);
    const again = changeOf(record);
    expect(await adapter.update([again])).toEqual([true]);
    expect(await adapter.read([record.key, renewal.next.key])).toEqual([again.next, renewal.next]);
  });

  it('keeps data as the same JSON values, in the notation of JSON.stringify', async () => {
    const data = '{ "a" :\n\t1 , "n": -0.5e-7, "list": [ {"__proto__": 2} ] }';
    const record = newRecord({ data });
    await adapter.create([record]);
    const [found] = await adapter.read([record.key]);
    expect(found!.data).toBe('{"a":1,"n":-5e-8,"list":[{"__proto__":2}]}');
  });

  it('moves no row onto another', async () => {
    const [record, other] = [newRecord(), newRecord({ data: '{"other":1}' })];
    await adapter.create([record, other]);
    expect(await adapter.update([changeOf(record, { key: other.key })])).toEqual([
      expect.any(SessionDataError),
    ]);
    expect(await adapter.read([record.key, other.key])).toEqual([record, other]);
  });

  it('writes the whole row for a touch, too', async () => {
    const record = newRecord();
    await adapter.create([record]);
    const next = { ...record, lastSeenAt: record.lastSeenAt + 5, expiresAt: record.expiresAt + 5 };
    expect(await adapter.update([{ key: record.key, version: record.version, next }])).toEqual([true]);
    expect(store.calls.at(-1)).toBe(`set ${record.key}`);
    expect(await adapter.read([record.key])).toEqual([next]);
  });
});

describe('delete', () => {
  it('says whether there was something', async () => {
    const record = newRecord();
    await adapter.create([record]);
    store.rows.set('bad', 'text');
    expect(await adapter.delete([newKey(), record.key, 'bad'])).toEqual([false, true, true]);
    expect(store.rows.size).toBe(0);
  });

  it('removes what it did not find, too: the answer may come from a replica that lags', async () => {
    const record = newRecord();
    await adapter.create([record]);
    store.get = (_id, done) => done(null, undefined);
    expect(await adapter.delete([record.key])).toEqual([false]);
    expect(store.rows.size).toBe(0);
  });

  it.each(['get', 'destroy'])('of what is gone by the time of %s is no error', async (failing) => {
    const record = newRecord();
    await adapter.create([record]);
    store.before = (method) => {
      if (method === failing) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    expect(await adapter.delete([record.key])).toEqual([failing === 'destroy']);
  });

  describe.each(['before', 'after'] as const)(
    'of a session whose row is being written (%s it is)',
    (when) => {
      it('wins: the write takes its row out again', async () => {
        const record = newRecord();
        await adapter.create([record]);
        const [reached, go] = [defer(), defer()];
        store[when] = (method) => {
          if (method !== 'set') return undefined;
          reached.resolve();
          return go.promise;
        };
        const written = adapter.update([changeOf(record)]);
        await reached.promise;
        expect(await adapter.delete([record.key])).toEqual([true]);
        go.resolve();
        expect(await written).toEqual([false]);
        expect(store.rows.size).toBe(0);
      });

      it('wins over its renewal: no row is left under either key', async () => {
        const record = newRecord();
        await adapter.create([record]);
        const [reached, go] = [defer(), defer()];
        store[when] = (method) => {
          if (method !== 'set') return undefined;
          reached.resolve();
          return go.promise;
        };
        const renewed = adapter.update([changeOf(record, { key: newKey() })]);
        await reached.promise;
        await adapter.delete([record.key]);
        go.resolve();
        expect(await renewed).toEqual([false]);
        expect(store.rows.size).toBe(0);
      });
    },
  );

  it('that fails ends nothing that is being written', async () => {
    const record = newRecord();
    await adapter.create([record]);
    const [reached, go] = [defer(), defer()];
    const error = new Error('no');
    store.before = (method) => {
      if (method === 'destroy') throw error;
      if (method !== 'set') return undefined;
      reached.resolve();
      return go.promise;
    };
    const change = changeOf(record);
    const written = adapter.update([change]);
    await reached.promise;
    expect(await adapter.delete([record.key])).toEqual([error]);
    go.resolve();
    expect(await written).toEqual([true]);
    expect(await adapter.read([record.key])).toEqual([change.next]);
  });

  it('leaves its key free for a new session', async () => {
    const record = newRecord();
    await adapter.create([record]);
    await adapter.delete([record.key]);
    expect(await adapter.create([record])).toEqual([true]);
    expect(await adapter.update([changeOf(record)])).toEqual([true]);
    expect(store.rows.size).toBe(1);
  });

  it('is remembered of the last ten thousand sessions', async () => {
    const rows = new Map<string, unknown>();
    const quick = new ExpressStoreAdapter({
      get: (id: string) => Promise.resolve(rows.get(id)),
      set: (id: string, row: object) => Promise.resolve(rows.set(id, row)),
      destroy: (id: string) => Promise.resolve(rows.delete(id)),
    });
    const isRememberedAfter = async (count: number): Promise<boolean> => {
      await quick.delete(['key']);
      await quick.delete(Array.from({ length: count }, (_, n) => `other${n}`));
      // As an old instance does that is late.
      rows.set('key', { cookie: {}, n: 1 });
      const [found] = await quick.read(['key']);
      const [outcome] = await quick.update([changeOf(found!)]);
      return outcome === false && rows.size === 0;
    };
    expect(await isRememberedAfter(9_999)).toBe(true);
    expect(await isRememberedAfter(10_000)).toBe(false);
  });
});

describe('with hashIds', () => {
  beforeEach(() => {
    adapter = new ExpressStoreAdapter(store, { hashIds: true });
  });

  it('keys are used as they come: the engine has made digests of ids', async () => {
    const record = newRecord();
    await adapter.create([record]);
    expect([...store.rows.keys()]).toEqual([record.key]);
    expect(await adapter.delete([record.key])).toEqual([true]);
  });

  it.each(['short', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}/`, `${'x'.repeat(43)}\n`])(
    'what is no digest is no key (%j)',
    async (key) => {
      store.rows.set(key, { cookie: {} });
      expect(await adapter.read([key])).toEqual([undefined]);
      expect(await adapter.delete([key])).toEqual([false]);
      expect(store.calls).toEqual([]);
    },
  );
});

describe('read', () => {
  it.each([undefined, null, false, 0, ''])('of %p is nothing', async (row) => {
    store.rows.set('key', row);
    expect(await adapter.read(['key'])).toEqual([undefined]);
  });

  it.each([new Error('no'), 'no', undefined])('fails with what the store fails with (%p)', async (reason) => {
    const get = (_id: string): Promise<never> => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- some stores do
      return Promise.reject(reason);
    };
    const failing = new ExpressStoreAdapter({ get, set: get, destroy: get });
    await expect(failing.read(['key'])).rejects.toBe(reason);
  });

  it.each([
    ['text', 'text'],
    ['no cookie', { n: 1 }],
    ['facts of nobody', { cookie: { nestSession: {} } }],
  ])('of %s is a record that cannot be read', async (_name, row) => {
    store.rows.set('key', row);
    expect(await adapter.read(['key'])).toEqual([expect.objectContaining({ key: 'key', meta: '' })]);
  });

  it('of what the store cannot parse is a record that cannot be read', async () => {
    store.get = (_id, done) => {
      try {
        done(null, JSON.parse('{'));
      } catch (error) {
        done(error);
      }
    };
    expect(await adapter.read(['key'])).toEqual([expect.objectContaining({ key: 'key', meta: '' })]);
  });

  it.each([undefined, null, '', 'soon'])(
    'of facts that end at %p is a record that cannot be read',
    async (expires) => {
      const record = newRecord();
      await adapter.create([record]);
      const row = store.rows.get(record.key) as { cookie: object };
      store.rows.set(record.key, { ...row, cookie: { ...row.cookie, expires } });
      expect(await adapter.read([record.key])).toEqual([expect.objectContaining({ meta: '' })]);
    },
  );

  it('takes the end of a session from its row', async () => {
    const record = newRecord({ expiresAt: Date.UTC(2030, 0, 1) + 7 });
    await adapter.create([record]);
    const row = store.rows.get(record.key) as { cookie: { expires: string } };
    expect(row.cookie.expires).toBe('2030-01-01T00:00:00.007Z');
    expect(await adapter.read([record.key])).toEqual([record]);
  });
});
