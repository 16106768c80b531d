import { afterEach, describe, expect, it } from '@jest/globals';
import { MemorySessionStore, type SessionStore } from 'nest-session';
import { ExpressStoreAdapter, MemoryStore } from 'nest-session/express';
import {
  type FailingStore,
  failingStore,
  sessionStoreContract,
  type StoreMethod,
} from 'nest-session/testing';
import { capabilitiesOf, isPrunable, knowsUsers, storeName } from '../../../lib/core/store/session-store.js';
import { changeOf, newRecord } from '../../../lib/testing/contract/records.js';
import { TRIED_ELSEWHERE } from '../../contract/support/tried-elsewhere.js';

sessionStoreContract('failingStore', () => ({ store: failingStore() }), {
  capabilities: ['users', 'references', 'prune'],
});
sessionStoreContract(
  'failingStore that has recovered',
  () => {
    const store = failingStore();
    store.fail();
    store.recover();
    return { store };
  },
  TRIED_ELSEWHERE,
);
sessionStoreContract(
  'failingStore that takes its time',
  () => {
    const store = failingStore();
    store.delay(1);
    return { store };
  },
  TRIED_ELSEWHERE,
);

const record = newRecord({ key: 'k', userId: 'ann' });

/** Every method there is, called. */
const CALLS: Record<StoreMethod, (store: FailingStore<MemorySessionStore>) => unknown> = {
  read: (store) => store.read(['k']),
  create: (store) => store.create([record]),
  update: (store) => store.update([changeOf(record)]),
  delete: (store) => store.delete(['k']),
  findByUser: (store) => store.findByUser('ann', 0),
  count: (store) => store.count(undefined, 0),
  deleteOwned: (store) => store.deleteOwned('ann', ['k']),
  deleteByUser: (store) => store.deleteByUser('ann', []),
  findByReference: (store) => store.findByReference('r'),
  deleteByReference: (store) => store.deleteByReference('r'),
  deleteAll: (store) => store.deleteAll(),
  prune: (store) => store.prune(0, 1),
  start: (store) => store.start(),
  close: (store) => store.close(),
};
const METHODS = Object.keys(CALLS) as StoreMethod[];

/** Which calls fail. */
async function failures(store: FailingStore<MemorySessionStore>): Promise<StoreMethod[]> {
  const failed: StoreMethod[] = [];
  for (const method of METHODS) {
    try {
      await CALLS[method](store);
    } catch {
      failed.push(method);
    }
  }
  return failed;
}

describe('failingStore()', () => {
  let store: FailingStore<MemorySessionStore>;
  afterEach(() => {
    store.recover();
    store.close();
  });

  it('fails in all methods but start and close', async () => {
    store = failingStore();
    expect(await failures(store)).toEqual([]);
    store.fail();
    expect(await failures(store)).toEqual(METHODS.filter((name) => name !== 'start' && name !== 'close'));
    store.recover();
    expect(await failures(store)).toEqual([]);
  });

  it.each(METHODS)('fails in %s alone, when that is named', async (method) => {
    store = failingStore();
    store.fail({ only: [method] });
    expect(await failures(store)).toEqual([method]);
  });

  it('has one fault at a time', async () => {
    store = failingStore();
    store.fail();
    store.fail({ only: ['read'] });
    expect(await failures(store)).toEqual(['read']);
    store.delay(1);
    expect(await failures(store)).toEqual([]);
  });

  it('does nothing to the store while it fails or hangs', async () => {
    const inner = new MemorySessionStore();
    store = failingStore(inner);
    store.fail();
    await expect(store.create([record])).rejects.toThrow('failingStore: fail() was called');
    expect(inner.size).toBe(0);
    store.hang();
    const created = store.create([record]);
    await new Promise(setImmediate);
    expect(inner.size).toBe(0);
    store.recover();
    expect(await created).toEqual([true]);
    expect(inner.size).toBe(1);
  });

  it('lets go what waits when its fault ends, for the next one to decide', async () => {
    store = failingStore();
    store.delay('1h');
    const late = store.read(['k']);
    store.hang();
    const hung = store.read(['k']);
    store.fail({ only: ['delete'] });
    const deleted = store.delete(['k']);
    expect(await Promise.allSettled([late, hung, deleted])).toMatchObject([
      { value: [undefined] },
      { value: [undefined] },
      { status: 'rejected' },
    ]);
  });

  it('fails what waits when it fails', async () => {
    for (const wait of [() => store.hang(), () => store.delay('1h')]) {
      store = failingStore();
      wait();
      const reading = store.read(['k']);
      store.fail();
      await expect(reading).rejects.toThrow('fail() was called');
    }
  });

  it('takes its time also where that is longer than a timer can be', async () => {
    store = failingStore();
    store.delay('60 days');
    let done = false;
    const reading = store.read(['k']).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done).toBe(false);
    store.recover();
    expect(await reading).toBe(true);
  });

  it('refuses a delay that is none', () => {
    store = failingStore();
    expect(() => store.delay('soon')).toThrow(/"soon" was given; accepted: milliseconds or a duration/);
  });

  it('can have its faults taken apart from it', async () => {
    store = failingStore();
    const { fail, recover } = store;
    fail();
    expect(await failures(store)).not.toEqual([]);
    recover();
    expect(await failures(store)).toEqual([]);
  });
});

describe('the store that fails on demand', () => {
  class Plain implements SessionStore {
    readonly #answers: [] = [];
    readonly sharesCalls = false;
    readonly keepsIds = true;
    readonly extra = { some: 'thing' };
    read = () => Promise.resolve(this.#answers);
    create = () => Promise.resolve([]);
    update = () => Promise.resolve([]);
    delete = () => Promise.resolve([]);
    self() {
      return this;
    }
  }

  it('is what the other is, and can no more', () => {
    const inner = new Plain();
    const plain: FailingStore & Plain = failingStore(inner);
    expect([knowsUsers(plain), isPrunable(plain), storeName(plain)]).toEqual([false, false, 'Plain']);
    expect([plain.sharesCalls, plain.keepsIds, plain.keepsCookies]).toEqual([false, true, undefined]);
    expect(capabilitiesOf(plain)).toEqual([]);
    expect('start' in plain).toBe(false);
    expect(plain).toBeInstanceOf(Plain);
    expect(plain.extra).toBe(inner.extra);
    expect(plain.self()).toBe(inner);

    const memory = failingStore(new MemorySessionStore());
    expect([knowsUsers(memory), isPrunable(memory), storeName(memory)]).toEqual([
      true,
      true,
      'MemorySessionStore',
    ]);
    expect(memory.capabilities).toEqual(['users', 'references', 'prune']);
    expect(memory.pruneInterval).toBe(false);

    const adapter = failingStore(new ExpressStoreAdapter(new MemoryStore()));
    const { keepsIds, keepsCookies, sharesCalls } = adapter;
    expect({ keepsIds, keepsCookies, sharesCalls }).toEqual({
      keepsIds: true,
      keepsCookies: true,
      sharesCalls: false,
    });
  });

  it('turns what a store throws into a rejection', async () => {
    const broken = failingStore(
      Object.assign(new Plain(), {
        read: () => {
          throw new Error('at once');
        },
      }),
    );
    await expect(broken.read()).rejects.toThrow('at once');
  });
});
