import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { inspect } from 'node:util';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import { messages } from '../../../../lib/errors/messages.js';
import { FakeClock, turns } from '../support/fake-clock.js';
import { FakeStore } from '../support/fake-store.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
jest.unstable_mockModule('node:perf_hooks', () => clock.hooks);
const { SharedStore } = await import('../../../../lib/core/store/shared-store.js');
const { SessionDataError } = await import('../../../../lib/errors/session-data.error.js');
const { SessionStoreError } = await import('../../../../lib/errors/session-store.error.js');

const TIMEOUT = 5_000;
const never = new Promise<never>(() => undefined);

const record = (key: string, version = 1): SessionRecord => ({
  key,
  token: `token of ${key}`,
  previousToken: null,
  previousUntil: null,
  epoch: 1,
  version,
  data: '{}',
  meta: null,
  userId: null,
  reference: null,
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: 1_000,
  authenticatedAt: null,
  ip: null,
  userAgent: null,
});

let store: FakeStore;
let shared: InstanceType<typeof SharedStore>;
let reported: Error[];

describe('shared store', () => {
  beforeEach(() => {
    clock.reset();
    store = new FakeStore();
    reported = [];
    shared = new SharedStore(store, { timeout: TIMEOUT, onError: (error) => reported.push(error) });
  });

  /** Each kind of call, about the keys a and b. */
  const CALLS: [string, (key: string) => Promise<unknown>][] = [
    ['read', async (key) => shared.read(key)],
    ['create', async (key) => shared.create(record(key))],
    ['update', async (key) => shared.update({ key, version: 1, next: record(key, 2) })],
    ['delete', (key) => shared.delete(key)],
  ];

  const caught = (work: unknown): Promise<unknown> =>
    Promise.resolve(work).then(
      () => 'no error',
      (error: unknown) => error,
    );

  describe('what requests ask at the same time', () => {
    it.each(CALLS)('goes out as one call: %s', async (call, ask) => {
      await Promise.all([ask('a'), ask('b')]);
      expect(store.calls).toEqual([{ call, keys: ['a', 'b'] }]);
    });

    it('is answered to each', async () => {
      expect(await Promise.all([shared.create(record('a')), shared.create(record('b'))])).toEqual([
        true,
        true,
      ]);
      expect(await Promise.all([shared.read('b'), shared.read('none'), shared.read('a')])).toEqual([
        record('b'),
        undefined,
        record('a'),
      ]);
      expect(await Promise.all([shared.create(record('a')), shared.create(record('c'))])).toEqual([
        false,
        true,
      ]);
      const stale = { key: 'a', version: 7, next: record('a', 8) };
      const fresh = { key: 'b', version: 1, next: record('b', 2) };
      expect(await Promise.all([shared.update(stale), shared.update(fresh)])).toEqual([false, true]);
      expect(await Promise.all([shared.delete('a'), shared.delete('none')])).toEqual([true, false]);
    });
  });

  describe('a store that fails', () => {
    it.each(CALLS)(
      'in %s: each request gets a SessionStoreError with the cause, told once',
      async (call, ask) => {
        const failure = new Error('hunter2 is not among the arguments of the call');
        const cause = { name: 'Error', message: messages.driverSilent };
        store.before = () => Promise.reject(failure);
        const [one, two] = await Promise.all([caught(ask('a')), caught(ask('b'))]);
        expect(one).toBeInstanceOf(SessionStoreError);
        expect(one).toMatchObject({
          statusCode: 503,
          code: 'SESSION_STORE_UNAVAILABLE',
          retryAfter: 1,
          cause,
        });
        expect((one as Error).message).toContain(`"${call}"`);
        expect(inspect(one, { showHidden: true, depth: 9 })).not.toContain('hunter2');
        expect(two).toBeInstanceOf(SessionStoreError);
        expect(reported).toHaveLength(1);
      },
    );

    it.each(CALLS)('at once in %s is no different', async (call, ask) => {
      jest.spyOn(store, call as 'read').mockImplementation(() => {
        throw new TypeError('at once');
      });
      expect(await caught(ask('a'))).toBeInstanceOf(SessionStoreError);
    });

    it('with an error of this package is not wrapped, and not taken for an outage', async () => {
      const own = new SessionDataError('too large');
      store.before = () => Promise.reject(own);
      expect(await caught(shared.create(record('a')))).toBe(own);
      expect(reported).toEqual([]);
    });

    it('with a SessionStoreError of its own is not wrapped, and told once', async () => {
      const own = new SessionStoreError('The shard of this user is down.');
      store.before = () => Promise.reject(own);
      expect(await Promise.all([caught(shared.read('a')), caught(shared.read('b'))])).toEqual([own, own]);
      expect(await caught(shared.call('count', () => Promise.reject(own)))).toBe(own);
      expect(reported).toEqual([own]);
    });

    it.each(CALLS.slice(1))('for one item of %s: that one alone fails', async (call, ask) => {
      const failure = new RangeError('bad row');
      const cause = { name: 'RangeError', message: messages.driverSilent };
      jest.spyOn(store, call as 'delete').mockResolvedValue([failure, true]);
      const [one, two] = await Promise.all([caught(ask('a')), ask('b')]);
      expect(one).toBeInstanceOf(SessionStoreError);
      expect(one).toMatchObject({ cause });
      expect(two).toBe(true);
      expect(reported).toEqual([one]);
    });

    it.each(CALLS)('to answer %s for each item is caught', async (call, ask) => {
      jest.spyOn(store, call as 'delete').mockResolvedValue([true]);
      const [one] = await Promise.all([caught(ask('a')), caught(ask('b'))]);
      expect(one).toBeInstanceOf(SessionStoreError);
      expect((one as Error).cause).toEqual(
        new Error(
          `FakeStore.${call} was called with 2 sessions and returned 1 results; a store must return one result for each session, in the same order.`,
        ),
      );
    });
  });

  describe('a store that does not answer', () => {
    it.each(CALLS)('in %s: the request fails when its time is up', async (call, ask) => {
      store.before = () => never;
      const outcome = caught(ask('a'));
      await clock.pass(TIMEOUT);
      const error = await outcome;
      expect(error).toBeInstanceOf(SessionStoreError);
      expect((error as Error).message).toBe(
        `The session store did not answer "${call}" within 5000 ms; check that it is reachable, or raise "storeTimeout".`,
      );
      expect(reported).toEqual([error]);
    });

    it('is told once a call, however many requests shared it', async () => {
      store.before = () => never;
      const outcomes = Promise.all(['a', 'b', 'c'].map((key) => caught(shared.read(key))));
      await clock.pass(TIMEOUT);
      for (const outcome of await outcomes) expect(outcome).toBeInstanceOf(SessionStoreError);
      expect(reported).toHaveLength(1);
    });

    it('in one kind of call does not hold up another', async () => {
      store.before = (call) => (call === 'update' ? never : undefined);
      void caught(shared.update({ key: 'a', version: 1, next: record('a', 2) }));
      await turns();
      expect(await shared.read('a')).toBeUndefined();
      await clock.pass(TIMEOUT);
    });
  });

  describe('a call that is not shared', () => {
    it('gives its answer', async () => {
      expect(await shared.call('count', () => Promise.resolve(7))).toBe(7);
    });

    it('fails like the others, also at once', async () => {
      const failure = Object.assign(new Error('broken: hunter2'), { code: '42P01' });
      const cause = { code: '42P01', message: '42P01: the table does not exist' };
      const error = await caught(shared.call('count', () => Promise.reject(failure)));
      expect(error).toMatchObject({ statusCode: 503, cause });
      const thrown = await caught(
        shared.call('count', () => {
          throw failure;
        }),
      );
      expect(thrown).toMatchObject({ statusCode: 503, cause });
      expect(reported).toEqual([error, thrown]);
    });

    it('lets errors of this package through', async () => {
      const own = new SessionDataError('own');
      expect(await caught(shared.call('count', () => Promise.reject(own)))).toBe(own);
    });

    it('has all the time it was given, also where that is more than a timer can count', async () => {
      shared = new SharedStore(store, {
        timeout: 60 * 24 * 3_600_000,
        onError: (error) => reported.push(error),
      });
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        const outcome = caught(shared.call('count', () => never));
        await clock.pass(1_000);
        await jest.advanceTimersByTimeAsync(1_000);
        expect(await Promise.race([outcome, turns(1).then(() => 'open')])).toBe('open');
      } finally {
        jest.useRealTimers();
      }
    });

    it('fails when its time is up, and leaves no timer otherwise', async () => {
      // Whichever timers it uses.
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        await shared.call('count', () => Promise.resolve(1));
        expect([jest.getTimerCount(), clock.delays]).toEqual([0, []]);
        const outcome = caught(shared.call('count', () => never));
        expect(clock.holding).toBe(0);
        await clock.pass(TIMEOUT);
        jest.advanceTimersByTime(TIMEOUT);
        expect(await outcome).toMatchObject({ statusCode: 503, message: expect.stringContaining('"count"') });
        expect(reported).toHaveLength(1);
      } finally {
        jest.useRealTimers();
      }
    });
  });

  describe('an end that asks for the owner', () => {
    it('reaches the session of that user alone', async () => {
      await shared.create({ ...record('a'), userId: 'ada' });
      expect(await shared.deleteOwned('bob', 'a')).toBe(false);
      expect(await shared.deleteOwned('ada', 'none')).toBe(false);
      expect(store.rows.size).toBe(1);
      expect(await shared.deleteOwned('ada', 'a')).toBe(true);
      expect(store.rows.size).toBe(0);
    });

    it.each(['as a whole', 'for this session'])(
      'fails like the others where the store fails %s',
      async (how) => {
        const failure = new RangeError('bad row');
        const cause = { name: 'RangeError', message: messages.driverSilent };
        const answer = how === 'as a whole' ? Promise.reject(failure) : Promise.resolve([failure]);
        jest.spyOn(store, 'deleteOwned').mockReturnValue(answer);
        const error = await caught(shared.deleteOwned('ada', 'a'));
        expect(error).toBeInstanceOf(SessionStoreError);
        expect(error).toMatchObject({ cause });
        expect(reported).toEqual([error]);
      },
    );
  });
});
