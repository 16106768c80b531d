import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { SessionOptionsError } from '../../../lib/errors/session-options.error.js';
import { ExpirySlots, MemoryEntry, WriteOrder } from '../../../lib/stores/memory/memory-entry.js';
import { MemorySessionStore } from '../../../lib/stores/memory/memory-session.store.js';
import { ShardedMap } from '../../../lib/stores/memory/sharded-map.js';
import {
  changeOf,
  keysOf,
  newRecord,
  newRecords,
  newToken,
  renewalOf,
  touchOf,
} from '../../../lib/testing/contract/records.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('memory session store', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  describe('options', () => {
    test.each([0, -1, 1.5, NaN, Infinity, '5', null])('maxSessions: %p is refused', (maxSessions) => {
      const make = () => new MemorySessionStore({ maxSessions: maxSessions as number });
      expect(make).toThrow(SessionOptionsError);
      expect(make).toThrow('accepted: a whole number of one or more');
    });
  });

  describe('the cap', () => {
    test('drops the session that was written longest ago', async () => {
      const store = new MemorySessionStore({ maxSessions: 3 });
      const [a, b, c, d, e] = [newRecord(), newRecord(), newRecord(), newRecord(), newRecord()];
      await store.create([a, b, c]);
      await store.update([touchOf(a, 1)]);
      await store.update([changeOf(b)]);
      await store.create([d, e]);
      expect(keysOf(await store.read([a, b, c, d, e].map(({ key }) => key)))).toEqual([
        undefined,
        b.key,
        undefined,
        d.key,
        e.key,
      ]);
      expect(store.size).toBe(3);
    });

    test('does not count reading as writing', async () => {
      const store = new MemorySessionStore({ maxSessions: 2 });
      const [a, b, c] = [newRecord(), newRecord(), newRecord()];
      await store.create([a, b]);
      await store.read([a.key]);
      await store.create([c]);
      expect(keysOf(await store.read([a.key, b.key, c.key]))).toEqual([undefined, b.key, c.key]);
    });

    test('holds whatever order sessions come, change and go in', async () => {
      const store = new MemorySessionStore({ maxSessions: 4 });
      const [a, b, c, d, e, f] = newRecords(6);
      await store.create([a!, b!, c!, d!]);
      await store.delete([b!.key]);
      await store.update([touchOf(a!, 1), touchOf(d!, 1)]);
      await store.create([e!, f!]);
      const all = [a!, b!, c!, d!, e!, f!].map(({ key }) => key);
      expect(keysOf(await store.read(all))).toEqual([a!.key, undefined, undefined, d!.key, e!.key, f!.key]);
      await store.deleteAll();
      await store.create([b!, c!]);
      expect(keysOf(await store.read(all))).toEqual([
        undefined,
        b!.key,
        c!.key,
        undefined,
        undefined,
        undefined,
      ]);
    });

    test('a session that it drops is found in no way', async () => {
      const store = new MemorySessionStore({ maxSessions: 1 });
      const first = newRecord({ userId: 'ada' });
      await store.create([first]);
      await store.update([renewalOf(first)]);
      await store.create([newRecord()]);
      expect(await store.read([first.key])).toEqual([undefined]);
      expect(await store.findByUser('ada', 0)).toEqual([]);
      expect(await store.count(undefined, 0)).toBe(1);
    });
  });

  describe('expiry by itself', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });

    test('removes a session within a minute of its end', async () => {
      const store = new MemorySessionStore();
      const now = Date.now();
      const [short, long] = [10 * MINUTE, 20 * MINUTE].map((life) => newRecord({ expiresAt: now + life }));
      await store.create([short!, long!]);
      await jest.advanceTimersByTimeAsync(10 * MINUTE - 1);
      expect(store.size).toBe(2);
      await jest.advanceTimersByTimeAsync(MINUTE + 1);
      expect(keysOf(await store.read([short!.key, long!.key]))).toEqual([undefined, long!.key]);
      await jest.advanceTimersByTimeAsync(10 * MINUTE);
      expect(store.size).toBe(0);
    });

    test('leaves a session that was prolonged until its new end', async () => {
      const store = new MemorySessionStore();
      const record = newRecord({ expiresAt: Date.now() + 10 * MINUTE });
      await store.create([record]);
      await store.update([touchOf(record, 15 * MINUTE)]);
      await jest.advanceTimersByTimeAsync(25 * MINUTE - 1);
      expect(store.size).toBe(1);
      await jest.advanceTimersByTimeAsync(MINUTE + 1);
      expect(store.size).toBe(0);
    });

    test('removes a session whose life was shortened at its new end', async () => {
      const store = new MemorySessionStore();
      const record = newRecord({ expiresAt: Date.now() + 60 * MINUTE });
      await store.create([record]);
      await store.update([changeOf(record, { expiresAt: Date.now() + 5 * MINUTE })]);
      await jest.advanceTimersByTimeAsync(6 * MINUTE);
      expect(store.size).toBe(0);
    });

    test('removes a renewed session once', async () => {
      const store = new MemorySessionStore();
      const record = newRecord({ expiresAt: Date.now() + 5 * MINUTE, userId: 'ada' });
      const other = newRecord({ expiresAt: Date.now() + 60 * MINUTE });
      await store.create([record, other]);
      await store.update([renewalOf(record)]);
      await jest.advanceTimersByTimeAsync(6 * MINUTE);
      expect(store.size).toBe(1);
      expect(await store.count(undefined, Date.now())).toBe(1);
    });

    test('lets other work go in between when there is much to remove', async () => {
      const store = new MemorySessionStore();
      await store.create(newRecords(100, { expiresAt: Date.now() + MINUTE }));
      let time = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => time++);
      await jest.advanceTimersByTimeAsync(MINUTE);
      expect(store.size).toBe(100);
      jest.advanceTimersToNextTimer();
      const afterOneSlice = store.size;
      expect(afterOneSlice).toBeGreaterThan(80);
      expect(afterOneSlice).toBeLessThan(100);
      jest.advanceTimersToNextTimer();
      expect(store.size).toBeLessThan(afterOneSlice);
      await jest.advanceTimersByTimeAsync(SECOND);
      expect(store.size).toBe(0);
    });

    test('has no timer while there is no session', async () => {
      const store = new MemorySessionStore();
      expect(jest.getTimerCount()).toBe(0);
      await store.create([newRecord({ expiresAt: Date.now() + MINUTE })]);
      await store.create([newRecord({ expiresAt: Date.now() + MINUTE })]);
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(3 * MINUTE);
      expect(jest.getTimerCount()).toBe(0);
      await store.create([newRecord()]);
      await store.deleteAll();
      expect(jest.getTimerCount()).toBe(0);
    });

    test('ends with close() and goes on with start()', async () => {
      const store = new MemorySessionStore();
      await store.create([newRecord({ expiresAt: Date.now() + MINUTE })]);
      store.close();
      await store.create([newRecord({ expiresAt: Date.now() + MINUTE })]);
      expect(jest.getTimerCount()).toBe(0);
      await jest.advanceTimersByTimeAsync(5 * MINUTE);
      expect(store.size).toBe(2);
      store.start();
      store.start();
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(MINUTE);
      expect(store.size).toBe(0);
    });

    test('a timer that outlives close() starts no other', async () => {
      const store = new MemorySessionStore();
      await store.create([newRecord()]);
      jest.spyOn(globalThis, 'clearTimeout').mockImplementation(() => undefined);
      store.close();
      await jest.advanceTimersByTimeAsync(MINUTE);
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  test('the timer does not hold the process open', async () => {
    const spy = jest.spyOn(globalThis, 'setTimeout');
    const store = new MemorySessionStore();
    await store.create([newRecord()]);
    const [timer] = spy.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timer?.hasRef()).toBe(false);
    store.close();
  });

  test('a session that the caller changes afterwards is not changed in the store', async () => {
    const store = new MemorySessionStore();
    const record = { ...newRecord(), data: '{}' };
    await store.create([record]);
    record.data = '{"changed":true}';
    const [found] = await store.read([record.key]);
    expect(found?.data).toBe('{}');
    store.close();
  });

  test('a list of sessions holds neither what the application stored nor a token', async () => {
    const store = new MemorySessionStore();
    const record = newRecord({ userId: 'ada', previousToken: newToken(), previousUntil: 5 });
    await store.create([record]);
    const { token, previousToken, previousUntil, reference, data, meta, ...summary } = record;
    expect([token, previousToken, previousUntil, reference, data, meta]).not.toContain(undefined);
    expect(await store.findByUser('ada', 0)).toEqual([summary]);
    store.close();
  });

  test('a touch that comes back keeps the text that is there', async () => {
    const store = new MemorySessionStore();
    const record = newRecord({ data: '{"n":1}', meta: '{"m":1}' });
    await store.create([record]);
    const touch = touchOf(record, 5);
    await store.update([{ ...touch, next: { ...touch.next, data: '{"n":2}', meta: null } }]);
    expect(await store.read([record.key])).toEqual([touch.next]);
    store.close();
  });

  test('a thousand different user agents and more come back as they were', async () => {
    const store = new MemorySessionStore();
    const records = newRecords(2_500).map((record, n) => ({ ...record, userAgent: `agent ${n % 1_200}` }));
    await store.create(records);
    expect(await store.read(records.map(({ key }) => key))).toEqual(records);
    store.close();
  });

  test('a user has as many sessions as there are', async () => {
    const store = new MemorySessionStore();
    const [a, b] = [newRecord({ userId: 'ada', createdAt: 2 }), newRecord({ userId: 'ada', createdAt: 1 })];
    for (let round = 0; round < 2; round++) {
      await store.create([a]);
      expect(keysOf(await store.findByUser('ada', 0))).toEqual([a.key]);
      await store.create([b]);
      expect(keysOf(await store.findByUser('ada', 0))).toEqual([a.key, b.key]);
      await store.delete([a.key]);
      expect(keysOf(await store.findByUser('ada', 0))).toEqual([b.key]);
      await store.delete([b.key]);
      expect(keysOf(await store.findByUser('ada', 0))).toEqual([]);
    }
    store.close();
  });

  test('the order of writing holds whatever happens', () => {
    const order = new WriteOrder();
    const expected: MemoryEntry[] = [];
    const entries = Array.from({ length: 6 }, () => new MemoryEntry(newRecord()));
    let seed = 1;
    for (let step = 0; step < 2_000; step++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const entry = entries[seed % 6]!;
      if (expected.includes(entry)) {
        order.remove(entry);
        expected.splice(expected.indexOf(entry), 1);
      } else {
        order.add(entry);
        expected.push(entry);
      }
      if (seed % 97 === 0) {
        while (order.oldest !== undefined) {
          expect(order.oldest).toBe(expected.shift());
          order.remove(order.oldest);
        }
        expect(expected).toEqual([]);
      }
      expect(order.oldest).toBe(expected[0]);
    }
    order.add(new MemoryEntry(newRecord()));
    order.clear();
    const [a, b] = [new MemoryEntry(newRecord()), new MemoryEntry(newRecord())];
    order.add(a);
    order.add(b);
    expect(order.oldest).toBe(a);
  });

  test('nothing is left in a slot that sessions have left', () => {
    const slots = new ExpirySlots(10);
    const entries = [1, 2, 3, 14].map((expiresAt) => new MemoryEntry(newRecord({ expiresAt })));
    for (const order of [
      [0, 1, 2, 3],
      [2, 1, 0, 3],
      [1, 3, 0, 2],
    ]) {
      order.forEach((index) => slots.add(entries[index]!));
      expect([...slots.begunBy(9)]).toHaveLength(3);
      expect(new Set(slots.begunBy(10))).toEqual(new Set(entries));
      entries.forEach((entry) => slots.remove(entry));
      expect([...slots.begunBy(Infinity)]).toEqual([]);
    }
  });

  test('a map in parts finds every key', () => {
    const map = new ShardedMap<number>();
    const keys = ['', 'a', 'ab', '日本', ...Array.from({ length: 5_000 }, (_, n) => String(n))];
    keys.forEach((key, index) => map.set(key, index));
    expect(keys.map((key) => map.get(key))).toEqual(keys.map((_, index) => index));
    map.delete('ab');
    expect(map.get('ab')).toBeUndefined();
    map.clear();
    expect(keys.map((key) => map.get(key)).filter((value) => value !== undefined)).toEqual([]);
  });
});
