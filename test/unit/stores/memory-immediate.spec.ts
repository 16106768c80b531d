import { describe, expect, it } from '@jest/globals';
import { SharedStore } from '../../../lib/core/store/shared-store.js';
import { MemorySessionStore } from '../../../lib/stores/memory/memory-session.store.js';
import { changeOf, newRecord } from '../../../lib/testing/contract/records.js';

const immediateCallsOf = (store: object) => MemorySessionStore.immediateCallsOf(store);

describe('calls that are answered at once', () => {
  it('are those of the store itself', async () => {
    const store = new MemorySessionStore();
    const calls = immediateCallsOf(store)!;
    const record = newRecord();
    expect([calls.create(record), calls.create(record)]).toEqual([true, false]);
    expect(await store.read([record.key])).toEqual([record]);
    const change = changeOf(record, { data: '{"a":1}' });
    expect([calls.update(change), calls.update(change)]).toEqual([true, false]);
    expect(calls.read(record.key)).toEqual(change.next);
  });

  it('are no promises in a shared store', () => {
    const store = new MemorySessionStore();
    const shared = new SharedStore(store, {
      timeout: 1_000,
      onError: () => undefined,
      immediate: () => immediateCallsOf(store),
    });
    const record = newRecord();
    expect([shared.isImmediate, shared.create(record), shared.read(record.key)]).toEqual([
      true,
      true,
      record,
    ]);
    expect(shared.update(changeOf(record))).toBe(true);
  });

  it('are missing where a method is not the own one of the store', () => {
    class Watched extends MemorySessionStore {
      override update(...args: Parameters<MemorySessionStore['update']>): Promise<boolean[]> {
        return super.update(...args);
      }
    }
    const replaced = new MemorySessionStore();
    replaced.read = () => Promise.resolve([]);
    const proxy = new Proxy(new MemorySessionStore(), {});
    class Untouched extends MemorySessionStore {}
    expect([new Watched(), replaced, proxy, {}].map((store) => immediateCallsOf(store))).toEqual(
      Array.from({ length: 4 }),
    );
    expect(immediateCallsOf(new Untouched())).toBeDefined();
  });
});
