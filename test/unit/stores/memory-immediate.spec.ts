import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
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

  function sharedStore() {
    const store = new MemorySessionStore();
    const options = { timeout: 1_000, onError: () => undefined, immediate: () => immediateCallsOf(store) };
    return new SharedStore(store, options);
  }

  it('are no promises in a shared store', () => {
    const shared = sharedStore();
    const record = newRecord();
    expect([shared.isImmediate, shared.create(record)]).toEqual([true, true]);
    expect(shared.update(changeOf(record))).toBe(true);
  });

  it('read what requests of one turn asked for at its end, so that these continue together', async () => {
    const shared = sharedStore();
    const [first, second] = [newRecord(), newRecord()];
    expect([shared.create(first), shared.create(second)]).toEqual([true, true]);
    const steps: string[] = [];
    const request = async ({ key }: { key: string }, name: string): Promise<number | undefined> => {
      steps.push(`${name} asks`);
      const found = await shared.read(key);
      steps.push(`${name} continues`);
      return found?.version;
    };
    const requests = [request(first, 'first'), request(second, 'second')];
    setImmediate(() => steps.push('the next turn'));
    const change = changeOf(first);
    expect(shared.update(change)).toBe(true);
    expect(await Promise.all(requests)).toEqual([change.next.version, second.version]);
    await new Promise(setImmediate);
    expect(steps).toEqual([
      'first asks',
      'second asks',
      'first continues',
      'second continues',
      'the next turn',
    ]);
  });

  it('keep the context of each request, although requests continue together', async () => {
    const shared = sharedStore();
    const { key } = newRecord();
    const context = new AsyncLocalStorage<number>();
    const seen = [1, 2, 3].map((request) =>
      context.run(request, async () => {
        await shared.read(key);
        return context.getStore();
      }),
    );
    expect(await Promise.all(seen)).toEqual([1, 2, 3]);
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
