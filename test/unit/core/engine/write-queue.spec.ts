import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import { defer } from '../support/deferred.js';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
const { WriteQueue } = await import('../../../../lib/core/engine/write-queue.js');

const PATIENCE = 1_000;
const record = (version: number): SessionRecord => ({ version }) as SessionRecord;

let queue: InstanceType<typeof WriteQueue>;
let log: string[];

describe('write queue', () => {
  beforeEach(() => {
    queue = new WriteQueue();
    log = [];
    clock.reset();
  });

  describe('the writers of one session', () => {
    it('go one after the other, in the order they came', async () => {
      const works = ['a', 'b', 'c'].map((name) => ({ name, done: defer() }));
      const all = works.map(({ name, done }) =>
        queue.run('key', async () => {
          log.push(`${name} begins`);
          await done.promise;
          log.push(`${name} ends`);
          return name;
        }),
      );
      for (const { done } of works.reverse()) {
        done.resolve();
        await turns();
      }
      expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
      expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
      expect(clock.now).toBe(0);
    });

    it('begin at once when nobody is before them', async () => {
      let began = false;
      const taken = queue.run('key', () => Promise.resolve((began = true)));
      expect(began).toBe(true);
      await taken;
    });

    it('hand on what they wrote', async () => {
      const seen: unknown[] = [];
      const write = (version: number): Promise<void> =>
        queue.run('key', (turn) => {
          seen.push(turn.latest);
          turn.latest = version === 3 ? 'gone' : record(version);
          return Promise.resolve();
        });
      await Promise.all([write(1), write(2), write(3), write(4)]);
      expect(seen).toEqual([undefined, record(1), record(2), 'gone']);
    });

    it('hand on nothing to those who come when all have left: the store may know better', async () => {
      await queue.run('key', (turn) => Promise.resolve(void (turn.latest = record(1))));
      expect(await queue.run('key', ({ latest }) => Promise.resolve(latest))).toBeUndefined();
    });

    it('go on after one that failed', async () => {
      const failed = queue.run('key', () => Promise.reject(new Error('broken')));
      const next = queue.run('key', () => Promise.resolve('fine'));
      await expect(failed).rejects.toThrow('broken');
      await expect(next).resolves.toBe('fine');
    });

    it('wait for a slow one no longer than their patience', async () => {
      const slow = defer();
      const first = queue.run('key', () => slow.promise);
      const second = queue.run('key', () => Promise.resolve(log.push('second')));
      await clock.pass(PATIENCE - 1);
      expect(log).toEqual([]);
      await clock.pass(1);
      expect(log).toEqual(['second']);
      await second;
      slow.resolve();
      await first;
    });

    it('stay in a line that moves for as long as it takes, rather than all go at once', async () => {
      const works = ['a', 'b', 'c', 'd'].map((name) => ({ name, done: defer() }));
      const all = works.map(({ name, done }) =>
        queue.run('key', async () => {
          log.push(name);
          await done.promise;
        }),
      );
      for (const [index, { done }] of works.entries()) {
        await clock.pass(PATIENCE - 1);
        expect(log).toEqual(['a', 'b', 'c', 'd'].slice(0, index + 1));
        done.resolve();
        await turns();
      }
      await Promise.all(all);
    });

    it('that wait for themselves are not stuck', async () => {
      const outer = queue.run('key', () => queue.run('key', () => Promise.resolve('inner')));
      await clock.pass(PATIENCE);
      expect(await outer).toBe('inner');
    });

    it('leave no timer behind', async () => {
      const done = defer();
      const both = [queue.run('key', () => done.promise), queue.run('key', () => Promise.resolve())];
      await turns();
      expect(clock.delays).toEqual([PATIENCE]);
      done.resolve();
      await Promise.all(both);
      expect(clock.delays).toEqual([]);
    });
  });

  describe('the writers of different sessions', () => {
    it('do not wait for each other', async () => {
      const slow = defer();
      const one = queue.run('one', () => slow.promise);
      expect(await queue.run('two', () => Promise.resolve('done'))).toBe('done');
      slow.resolve();
      await one;
    });

    it.each(['__proto__', 'constructor', ''])('are told apart by any key: %j', async (key) => {
      expect(await queue.run(key, ({ latest }) => Promise.resolve(latest))).toBeUndefined();
    });
  });
});
