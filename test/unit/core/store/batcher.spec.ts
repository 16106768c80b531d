import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { defer, type Deferred } from '../support/deferred.js';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
jest.unstable_mockModule('node:perf_hooks', () => clock.hooks);
const { Batcher } = await import('../../../../lib/core/store/batcher.js');

const TIMEOUT = 1_000;

/** One call of `run`: the test decides when and how it ends. */
interface Flight {
  readonly items: readonly string[];
  readonly answer: Deferred<readonly string[]>;
}

/** Items are `key` or `key:detail`; each is answered with itself in capitals. */
class Airport {
  readonly flights: Flight[] = [];
  readonly batcher;
  /** The calls that have not come back. */
  underWay = 0;
  mostUnderWay = 0;

  constructor(shareSameKey: boolean) {
    this.batcher = new Batcher<string, string>({
      together: true,
      maxInFlight: 2,
      errorOf: (error: Error) => error,
      keyOf: (item) => item.split(':')[0]!,
      shareSameKey,
      timeout: TIMEOUT,
      onTimeout: () => new Error('timed out'),
      run: async (items) => {
        const answer = defer<readonly string[]>();
        this.flights.push({ items, answer });
        this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
        try {
          return await answer.promise;
        } finally {
          this.underWay--;
        }
      },
    });
  }

  add(...items: string[]): Promise<string>[] {
    return items.map((item) => {
      const answer = this.batcher.add(item);
      answer.catch(() => undefined);
      return answer;
    });
  }

  /** Has a flight come back. */
  async land(index: number): Promise<void> {
    const { items, answer } = this.flights[index]!;
    answer.resolve(items.map((item) => item.toUpperCase()));
    await turns();
  }

  /** Has whatever leaves come back until nothing leaves any more. */
  async landAll(): Promise<void> {
    for (let index = 0; index < this.flights.length; index++) await this.land(index);
  }

  get manifest(): (readonly string[])[] {
    return this.flights.map(({ items }) => items);
  }
}

const states = (promises: Promise<string>[]): Promise<string[]> =>
  Promise.all(
    promises.map((promise) =>
      Promise.race([
        promise,
        Promise.resolve()
          .then(() => turns(1))
          .then(() => 'open'),
      ]).catch((error: Error) => error.message),
    ),
  );

describe('batcher', () => {
  beforeEach(() => clock.reset());

  describe.each([
    ['reads', true],
    ['writes', false],
  ])('a batcher of %s', (_, shareSameKey) => {
    let airport: Airport;
    beforeEach(() => {
      airport = new Airport(shareSameKey);
    });

    it('has all items of a turn share one call, and answers each with its own', async () => {
      const answers = airport.add('a', 'b', 'c');
      await turns();
      expect(airport.manifest).toEqual([['a', 'b', 'c']]);
      await airport.land(0);
      expect(await Promise.all(answers)).toEqual(['A', 'B', 'C']);
    });

    it('gathers what comes out of promises of the same turn, too', async () => {
      void airport.add('a');
      void Promise.resolve().then(() => airport.add('b'));
      process.nextTick(() => airport.add('c'));
      await turns();
      expect(airport.manifest).toHaveLength(1);
      expect([...airport.manifest[0]!].sort()).toEqual(['a', 'b', 'c']);
      await airport.landAll();
    });

    it('sends a lone item out at the end of the turn, without any time passing', async () => {
      const [answer] = airport.add('a');
      await turns(1);
      expect(airport.manifest).toEqual([['a']]);
      await airport.land(0);
      expect(await answer).toBe('A');
      expect(clock.now).toBe(0);
    });

    it('has two calls under way at most, and gathers what comes meanwhile for the next', async () => {
      for (const item of ['a', 'b', 'c', 'd', 'e']) {
        void airport.add(item);
        await turns();
      }
      expect(airport.manifest).toEqual([['a'], ['b']]);
      await airport.land(1);
      expect(airport.manifest).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
      await airport.landAll();
      expect(airport.mostUnderWay).toBe(2);
    });

    it('keeps the order of a queue that is longer than a batch', async () => {
      const items = Array.from({ length: 1_000 }, (__, index) => `k${index}`);
      const answers = airport.add(...items);
      await turns();
      await airport.landAll();
      expect(airport.manifest.flat()).toEqual(items);
      expect(Math.max(...airport.manifest.map(({ length }) => length))).toBeLessThanOrEqual(256);
      expect(await Promise.all(answers)).toEqual(items.map((item) => item.toUpperCase()));
      expect(airport.mostUnderWay).toBe(2);
    });

    it('never has one call hold two items about the same key', async () => {
      void airport.add('a:1', 'b', 'a:2', 'a:3');
      await turns();
      await airport.landAll();
      for (const items of airport.manifest) {
        const keys = items.map((item) => item.split(':')[0]);
        expect(new Set(keys).size).toBe(keys.length);
      }
    });

    it('fails all items of a call that fails, and none of the next', async () => {
      const first = airport.add('a', 'b');
      await turns();
      const second = airport.add('c');
      await turns();
      airport.flights[0]!.answer.reject(new Error('broken'));
      await airport.land(1);
      expect(await states([...first, ...second])).toEqual(['broken', 'broken', 'C']);
      const later = airport.add('d');
      await turns();
      await airport.land(2);
      expect(await states(later)).toEqual(['D']);
    });

    it('takes a call that throws at once for one that fails', async () => {
      const run = jest.fn<() => never>(() => {
        throw new Error('at once');
      });
      const onTimeout = (): Error => new Error('timed out');
      const options = {
        run,
        onTimeout,
        keyOf: String,
        together: true,
        maxInFlight: 2,
        errorOf: (error: Error) => error,
        shareSameKey,
        timeout: TIMEOUT,
      };
      const batcher = new Batcher<string, string>(options);
      await expect(batcher.add('a')).rejects.toThrow('at once');
      await expect(batcher.add('b')).rejects.toThrow('at once');
    });

    it('fails an item whose call never returns, exactly when its time is up', async () => {
      const answers = airport.add('a');
      await clock.pass(TIMEOUT - 1);
      expect(await states(answers)).toEqual(['open']);
      await clock.pass(1);
      expect(await states(answers)).toEqual(['timed out']);
    });

    it('counts the time that an item waited for its call, too', async () => {
      void airport.add('a');
      await turns();
      void airport.add('b');
      await clock.pass(TIMEOUT / 2);
      const waiting = airport.add('c');
      await clock.pass(TIMEOUT / 2); // the calls of a and b are given up, and c leaves
      expect(airport.manifest).toEqual([['a'], ['b'], ['c']]);
      await clock.pass(TIMEOUT / 2);
      expect(await states(waiting)).toEqual(['timed out']);
    });

    it('serves others after calls that never return', async () => {
      void airport.add('a');
      await turns();
      void airport.add('b');
      await turns();
      const waiting = airport.add('c');
      await turns();
      expect(airport.manifest).toHaveLength(2);
      await clock.pass(TIMEOUT);
      expect(await states(waiting)).toEqual(['timed out']); // it waited just as long
      const later = airport.add('d');
      await turns();
      await airport.land(2);
      expect(airport.manifest[2]).toEqual(['d']);
      expect(await states(later)).toEqual(['D']);
    });

    it('gives the place of a lost call away once: when it returns after all, nothing changes', async () => {
      void airport.add('a');
      await turns();
      void airport.add('b');
      await clock.pass(TIMEOUT);
      void airport.add('c');
      await turns();
      void airport.add('d');
      await turns();
      const waiting = airport.add('e');
      await airport.land(0);
      await airport.land(1);
      expect(airport.manifest).toEqual([['a'], ['b'], ['c'], ['d']]);
      await airport.land(2);
      await airport.land(4);
      expect(await states(waiting)).toEqual(['E']);
      await airport.land(3);
    });

    it('does not send out an item whose time is up', async () => {
      void airport.add('a');
      await turns();
      void airport.add('b');
      await turns();
      void airport.add('late');
      await clock.pass(TIMEOUT);
      void airport.add('next');
      await turns();
      expect(airport.manifest).toEqual([['a'], ['b'], ['next']]);
      await airport.land(2);
    });

    it('leaves no timer and holds no process open', async () => {
      void airport.add('a', 'b');
      await turns();
      expect(clock.delays).toEqual([TIMEOUT]);
      expect(clock.holding).toBe(0);
      await airport.landAll();
      expect(clock.delays).toEqual([]);
    });

    it('watches a time limit that is longer than a timer can count without setting timers all the time', async () => {
      const patient = new Batcher<string, string>({
        keyOf: String,
        together: true,
        maxInFlight: 2,
        errorOf: (error: Error) => error,
        shareSameKey,
        timeout: 60 * 24 * 3_600_000,
        onTimeout: () => new Error('timed out'),
        run: () => new Promise(() => undefined),
      });
      const [answer] = [patient.add('a')];
      await clock.pass(100);
      expect(await states([answer])).toEqual(['open']);
      expect(clock.timersSet).toBe(1);
    });

    it('needs one timer, whatever comes and goes', async () => {
      for (let index = 0; index < 20; index++) {
        void airport.add(`k${index}`);
        await clock.pass(10);
        expect(clock.delays).toHaveLength(1);
      }
      await airport.landAll();
      expect(clock.delays).toEqual([]);
    });
  });

  describe('reads of the same key', () => {
    it('share one question and its answer', async () => {
      const airport = new Airport(true);
      const answers = airport.add('a:1', 'b', 'a:2', 'a:3');
      await turns();
      expect(airport.manifest).toEqual([['a:1', 'b']]);
      await airport.landAll();
      expect(await Promise.all(answers)).toEqual(['A:1', 'B', 'A:1', 'A:1']);
    });

    it('that come when the question is under way ask again: they may not get an older answer', async () => {
      const airport = new Airport(true);
      void airport.add('a:1');
      await turns();
      const later = airport.add('a:2');
      await turns();
      await airport.landAll();
      expect(await Promise.all(later)).toEqual(['A:2']);
    });

    it('fail together', async () => {
      const airport = new Airport(true);
      const answers = airport.add('a:1', 'a:2');
      await turns();
      airport.flights[0]!.answer.reject(new Error('broken'));
      await turns();
      expect(await states(answers)).toEqual(['broken', 'broken']);
    });
  });

  describe('writes of the same key', () => {
    it('that came in one turn go one after the other, in order', async () => {
      const airport = new Airport(false);
      const answers = airport.add('a:1', 'a:2', 'a:3');
      await turns();
      expect(airport.manifest).toEqual([['a:1']]);
      await airport.land(0);
      expect(airport.manifest).toEqual([['a:1'], ['a:2']]);
      await airport.land(1);
      await airport.land(2);
      expect(await Promise.all(answers)).toEqual(['A:1', 'A:2', 'A:3']);
    });

    it('do not overtake one that is under way', async () => {
      const airport = new Airport(false);
      void airport.add('a:1');
      await turns();
      void airport.add('a:2', 'b');
      await turns();
      expect(airport.manifest).toEqual([['a:1'], ['b']]);
      await airport.land(0);
      expect(airport.manifest).toEqual([['a:1'], ['b'], ['a:2']]);
      await airport.landAll();
    });

    it('keep their order among themselves', async () => {
      const airport = new Airport(false);
      const answers = airport.add('a:1', 'b:1', 'a:2', 'b:2', 'a:3');
      await turns();
      await airport.landAll();
      const order = (key: string): string[] => airport.manifest.flat().filter((item) => item.startsWith(key));
      expect([order('a'), order('b')]).toEqual([
        ['a:1', 'a:2', 'a:3'],
        ['b:1', 'b:2'],
      ]);
      expect(await Promise.all(answers)).toHaveLength(5);
    });
  });
});
