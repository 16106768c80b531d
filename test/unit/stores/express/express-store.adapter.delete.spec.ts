import { beforeEach, describe, expect, it } from '@jest/globals';
import { ExpressStoreAdapter } from '../../../../lib/stores/express/express-store.adapter.js';
import { defer } from '../../core/support/deferred.js';
import { changeOf, FakeStore, found, newId, newSession, renewalOf } from './support.js';

let store: FakeStore;
let adapter: ExpressStoreAdapter;

describe('delete', () => {
  beforeEach(() => {
    store = new FakeStore();
    adapter = new ExpressStoreAdapter(store);
  });

  it('says whether there was something', async () => {
    const record = newSession();
    await adapter.create([record]);
    store.rows.set('bad', 'text');
    expect(await adapter.delete([newId(), record.id, 'bad'])).toEqual([false, true, true]);
    expect(store.rows.size).toBe(0);
  });

  it('removes what it did not find, too: the answer may come from a replica that lags', async () => {
    const record = newSession();
    await adapter.create([record]);
    store.get = (_id, done) => done(null, undefined);
    expect(await adapter.delete([record.id])).toEqual([false]);
    expect(store.rows.size).toBe(0);
  });

  it.each(['get', 'destroy'])('of what is gone by the time of %s is no error', async (failing) => {
    const record = newSession();
    await adapter.create([record]);
    store.before = (method) => {
      if (method === failing) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    expect(await adapter.delete([record.id])).toEqual([failing === 'destroy']);
  });

  describe.each(['before', 'after'] as const)(
    'of a session whose row is being written (%s it is)',
    (when) => {
      it('wins: the write takes its row out again', async () => {
        const record = newSession();
        await adapter.create([record]);
        const [reached, go] = [defer(), defer()];
        store[when] = (method) => {
          if (method !== 'set') return undefined;
          reached.resolve();
          return go.promise;
        };
        const written = adapter.update([changeOf(record)]);
        await reached.promise;
        expect(await adapter.delete([record.id])).toEqual([true]);
        go.resolve();
        expect(await written).toEqual([false]);
        expect(store.rows.size).toBe(0);
      });

      it('wins over its renewal: no row is left under either id', async () => {
        const record = newSession();
        await adapter.create([record]);
        const [reached, go] = [defer(), defer()];
        store[when] = (method) => {
          if (method !== 'set') return undefined;
          reached.resolve();
          return go.promise;
        };
        const renewed = adapter.update([renewalOf(record)]);
        await reached.promise;
        await adapter.delete([record.id]);
        go.resolve();
        expect(await renewed).toEqual([false]);
        expect(store.rows.size).toBe(0);
      });
    },
  );

  it('that fails ends nothing that is being written', async () => {
    const record = newSession();
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
    expect(await adapter.delete([record.id])).toEqual([error]);
    go.resolve();
    expect(await written).toEqual([true]);
    expect(await adapter.read([record.id])).toEqual([found(change.next)]);
  });

  it('leaves its id free for a new session', async () => {
    const record = newSession();
    await adapter.create([record]);
    await adapter.delete([record.id]);
    expect(await adapter.create([record])).toEqual([true]);
    expect(await adapter.update([changeOf(record)])).toEqual([true]);
    expect(store.rows.size).toBe(1);
  });

  it('is remembered of at least the last ten thousand sessions, and not of all', async () => {
    const rows = new Map<string, unknown>();
    const quick = new ExpressStoreAdapter({
      get: (id: string) => Promise.resolve(rows.get(id)),
      set: (id: string, row: object) => Promise.resolve(rows.set(id, row)),
      destroy: (id: string) => Promise.resolve(rows.delete(id)),
    });
    const isRememberedAfter = async (count: number): Promise<boolean> => {
      await quick.delete(['id']);
      await quick.delete(Array.from({ length: count }, (_, n) => `other${n}`));
      // As an old instance does that is late.
      rows.set('id', { cookie: {}, n: 1 });
      const [read] = await quick.read(['id']);
      const [outcome] = await quick.update([changeOf({ ...read!, id: 'id' })]);
      return outcome === false && rows.size === 0;
    };
    expect(await isRememberedAfter(9_999)).toBe(true);
    expect(await isRememberedAfter(25_000)).toBe(false);
  });
});
