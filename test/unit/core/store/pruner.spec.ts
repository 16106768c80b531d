import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PrunableSessionStore } from '../../../../lib/core/store/session-store.js';
import { defer } from '../support/deferred.js';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
const { Pruner } = await import('../../../../lib/core/store/pruner.js');

const BATCH = 500;
const MINUTE = 60_000;

/** A store with so many expired sessions. */
class DustyStore implements PrunableSessionStore {
  readonly asked: { readonly now: number; readonly limit: number }[] = [];
  before: () => unknown = () => undefined;

  constructor(
    public expired = 0,
    readonly pruneInterval?: number | false,
  ) {}

  async prune(now: number, limit: number): Promise<number> {
    this.asked.push({ now, limit });
    await this.before();
    const removed = Math.min(this.expired, limit);
    this.expired -= removed;
    return removed;
  }
}

const errors: unknown[] = [];
const pruners: InstanceType<typeof Pruner>[] = [];

function prunerOf(store: PrunableSessionStore): InstanceType<typeof Pruner> {
  const pruner = new Pruner(
    store,
    () => 42,
    (error) => errors.push(error),
  );
  pruners.push(pruner);
  return pruner;
}

const random = jest.spyOn(Math, 'random');

describe('pruner', () => {
  beforeEach(() => {
    clock.reset();
    errors.length = 0;
    random.mockReturnValue(0.5);
  });
  afterEach(async () => {
    const stopped = Promise.all(pruners.splice(0).map((pruner) => pruner.stop()));
    await clock.pass(1_000);
    await stopped;
    expect(clock.delays).toEqual([]);
  });

  describe('prune', () => {
    it('asks for what expired by now, in small batches, until there is no more', async () => {
      const store = new DustyStore(1_234);
      const removed = prunerOf(store).prune();
      await clock.pass(1_000);
      expect(await removed).toBe(1_234);
      expect(store.asked).toEqual(Array.from({ length: 3 }, () => ({ now: 42, limit: BATCH })));
    });

    it('lets the application’s statements go between two batches', async () => {
      const store = new DustyStore(BATCH + 1);
      const removed = prunerOf(store).prune();
      await turns();
      expect(store.asked).toHaveLength(1);
      await clock.pass(100);
      expect(await removed).toBe(BATCH + 1);
    });

    it('shares the result of one that is under way', async () => {
      const store = new DustyStore(3);
      const pruner = prunerOf(store);
      expect(await Promise.all([pruner.prune(), pruner.prune()])).toEqual([3, 3]);
      expect(store.asked).toHaveLength(1);
      store.expired = 2;
      expect(await pruner.prune()).toBe(2);
    });

    it('hands the store’s error to who called, and works again after it', async () => {
      const store = new DustyStore(3);
      const pruner = prunerOf(store);
      store.before = () => Promise.reject(new Error('broken'));
      await expect(pruner.prune()).rejects.toThrow('broken');
      store.before = () => undefined;
      expect(await pruner.prune()).toBe(3);
    });

    it('holds the process of who waits for it, between two batches, too', async () => {
      void prunerOf(new DustyStore(10 * BATCH)).prune();
      await turns();
      expect(clock.delays).toHaveLength(1);
      expect(clock.holding).toBe(1);
    });

    it('holds the process of who joins in between two batches of the pruning by itself', async () => {
      const pruner = prunerOf(new DustyStore(10 * BATCH, 1_000));
      pruner.start();
      await clock.pass(1_000);
      expect(clock.holding).toBe(0);
      void pruner.prune();
      expect(clock.holding).toBe(1);
    });
  });

  describe('pruning by itself', () => {
    it.each([
      [0, 5 * MINUTE],
      [0.5, 10 * MINUTE],
      [0.999_999, 14.999_99 * MINUTE],
    ])('comes every ten minutes, jittered by half (random %d)', (chance, delay) => {
      random.mockReturnValue(chance);
      prunerOf(new DustyStore()).start();
      expect(clock.delays[0]).toBeCloseTo(delay, -2);
    });

    it('happens again and again, as often as the store wants', async () => {
      const store = new DustyStore(1, 1_000);
      prunerOf(store).start();
      await clock.pass(3_500);
      expect(store.asked).toHaveLength(3);
    });

    it('rolls the dice anew each time', async () => {
      const store = new DustyStore(0, 1_000);
      prunerOf(store).start();
      random.mockReturnValue(0);
      await clock.pass(1_000);
      expect(clock.delays).toEqual([500]);
    });

    it('does not happen for a store that wants none', () => {
      prunerOf(new DustyStore(1, false)).start();
      expect(clock.delays).toEqual([]);
    });

    it('does not hold the process open', () => {
      prunerOf(new DustyStore(1)).start();
      expect(clock.delays).toHaveLength(1);
      expect(clock.holding).toBe(0);
    });

    it('does not hold it between two batches either', async () => {
      prunerOf(new DustyStore(10 * BATCH, 1_000)).start();
      await clock.pass(1_000);
      expect(clock.delays).toHaveLength(1);
      expect(clock.holding).toBe(0);
    });

    it('waits for as long as it was told, also where that is more than a timer can count', async () => {
      const store = new DustyStore(1, 60 * 24 * 60 * MINUTE);
      prunerOf(store).start();
      await clock.pass(MINUTE);
      expect(store.asked).toHaveLength(0);
    });

    it('reports an error and goes on', async () => {
      const store = new DustyStore(1, 1_000);
      store.before = () => Promise.reject(new Error('broken'));
      prunerOf(store).start();
      await clock.pass(1_000);
      expect(errors).toEqual([new Error('broken')]);
      store.before = () => undefined;
      await clock.pass(1_000);
      expect(store.expired).toBe(0);
      expect(errors).toHaveLength(1);
    });

    it('does not begin another before one has ended', async () => {
      const store = new DustyStore(1, 1_000);
      const slow = defer();
      store.before = () => slow.promise;
      prunerOf(store).start();
      await clock.pass(10_000);
      expect(store.asked).toHaveLength(1);
      slow.resolve();
    });
  });

  describe('stop', () => {
    it('ends it for good', async () => {
      const store = new DustyStore(1, 1_000);
      const pruner = prunerOf(store);
      pruner.start();
      await pruner.stop();
      pruner.start();
      await clock.pass(10_000);
      expect(store.asked).toHaveLength(0);
    });

    it('waits for the batch under way, which is the last', async () => {
      const store = new DustyStore(10 * BATCH);
      const slow = defer();
      store.before = () => slow.promise;
      const pruner = prunerOf(store);
      const removed = pruner.prune();
      const stopped = jest.fn();
      const stopping = pruner.stop().then(stopped);
      await clock.pass(100);
      expect(stopped).not.toHaveBeenCalled();
      slow.resolve();
      await clock.pass(100);
      await stopping;
      expect(await removed).toBe(BATCH);
      expect(store.asked).toHaveLength(1);
    });

    it('between two batches is followed by none', async () => {
      const store = new DustyStore(10 * BATCH);
      const pruner = prunerOf(store);
      const removed = pruner.prune();
      await turns();
      await pruner.stop();
      expect(await removed).toBe(BATCH);
      expect(store.asked).toHaveLength(1);
      expect([clock.now, clock.delays]).toEqual([0, []]);
    });

    it('does not fail where the batch under way does', async () => {
      const store = new DustyStore(1);
      store.before = () => Promise.reject(new Error('broken'));
      const pruner = prunerOf(store);
      const removed = pruner.prune();
      removed.catch(() => undefined);
      await expect(pruner.stop()).resolves.toBeUndefined();
      await expect(removed).rejects.toThrow('broken');
    });
  });
});
