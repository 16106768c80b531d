import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallName } from '../../../../lib/core/request/session-calls.js';
import { defer } from '../support/deferred.js';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
const { SessionCalls } = await import('../../../../lib/core/request/session-calls.js');

const TIMEOUT = 5_000;
const never = new Promise<never>(() => undefined);

let calls: InstanceType<typeof SessionCalls>;
let log: string[];

describe('session calls', () => {
  beforeEach(() => {
    clock.reset();
    log = [];
    calls = new SessionCalls(TIMEOUT, () => undefined);
  });

  /** A call that says when it begins and when it is over, and lasts for as long as the test wants. */
  function held(name: CallName): { done: Promise<string>; end: () => void; fail: (error: Error) => void } {
    const gate = defer();
    const done = calls.run(name, async () => {
      log.push(`${name} begins`);
      try {
        await gate.promise;
        return name;
      } finally {
        log.push(`${name} ends`);
      }
    });
    return { done, end: () => gate.resolve(), fail: (error) => gate.reject(error) };
  }

  const note = (name: CallName): Promise<void> => calls.run(name, () => Promise.resolve(void log.push(name)));
  const failure = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'no error',
      (error: unknown) => error,
    );

  /** What the response is told when all calls are over. */
  async function response(): Promise<unknown> {
    await calls.idle();
    try {
      calls.throwFailure();
      return 'sent';
    } catch (error) {
      return error;
    }
  }

  describe('the calls of one session', () => {
    it('take effect one after the other, in the order they were made, awaited or not', async () => {
      const made = (['save', 'login', 'rotate'] as const).map((name) => held(name));
      await turns();
      expect(log).toEqual(['save begins']);
      for (const { end } of [...made].reverse()) {
        end();
        await turns();
      }
      expect(log).toEqual([
        'save begins',
        'save ends',
        'login begins',
        'login ends',
        'rotate begins',
        'rotate ends',
      ]);
      expect(await Promise.all(made.map(({ done }) => done))).toEqual(['save', 'login', 'rotate']);
    });

    it('begin at once where there is none before them', async () => {
      const one = note('save');
      expect(log).toEqual(['save']);
      await one;
      const two = note('login');
      expect(log).toEqual(['save', 'login']);
      await two;
    });

    it('keep their order also where one is made just when the one before is over', async () => {
      const first = held('save');
      const second = note('login');
      void first.done.then(() => void note('rotate'));
      first.end();
      await second;
      await response();
      expect(log).toEqual(['save begins', 'save ends', 'login', 'rotate']);
    });

    it('give what they return', async () => {
      expect(await calls.run('update', () => Promise.resolve(7))).toBe(7);
    });

    it('go on after one that failed, and its error is its own', async () => {
      const first = held('save');
      const second = note('login');
      first.fail(new Error('broken'));
      await expect(first.done).rejects.toThrow('broken');
      await second;
      expect(log).toEqual(['save begins', 'save ends', 'login']);
    });

    it('go on after one that throws at once', async () => {
      const first = calls.run('save', () => {
        throw new Error('at once');
      });
      await expect(first).rejects.toThrow('at once');
      await note('login');
      expect(log).toEqual(['login']);
    });

    it('do not wait for those of another session', async () => {
      const other = new SessionCalls(TIMEOUT, () => undefined);
      const first = held('save');
      await other.run('save', () => Promise.resolve());
      expect(calls.isIdle).toBe(false);
      first.end();
      await first.done;
    });
  });

  describe('the response', () => {
    it('waits until all calls are over', async () => {
      const made = [held('save'), held('login')];
      const sent = response();
      for (const { end } of made) {
        expect(await Promise.race([sent, turns().then(() => 'waiting')])).toBe('waiting');
        end();
      }
      expect(await sent).toBe('sent');
      expect(calls.isIdle).toBe(true);
    });

    it('waits for nothing where no call was made', async () => {
      expect(calls.isIdle).toBe(true);
      expect(await response()).toBe('sent');
      expect(clock.timersSet).toBe(0);
    });

    it.each(['login', 'logout', 'rotate', 'save', 'destroy', 'regenerate', 'update', 'reload'] as const)(
      'fails where %s() failed and nobody waited for it',
      async (name) => {
        const error = new Error('broken');
        void calls.run(name, () => Promise.reject(error));
        expect(await response()).toBe(error);
      },
    );

    it('does not fail for a call that somebody waited for, in whatever way', async () => {
      const fails = (): Promise<void> => calls.run('login', () => Promise.reject(new Error('broken')));
      await expect(fails()).rejects.toThrow('broken');
      try {
        await fails();
      } catch {
        // As an application would.
      }
      await fails().catch(() => undefined);
      await fails().then(undefined, () => undefined);
      await Promise.allSettled([fails(), fails()]);
      await fails()
        .finally(() => undefined)
        .catch(() => undefined);
      await (async () => fails())().catch(() => undefined);
      expect(await response()).toBe('sent');
    });

    it('fails for the first of several, once', async () => {
      const errors = [new Error('one'), new Error('two')];
      for (const error of errors) void calls.run('save', () => Promise.reject(error));
      expect(await response()).toBe(errors[0]);
      expect(await response()).toBe('sent');
    });

    it('has no promise that nobody handles', async () => {
      const unhandled: unknown[] = [];
      const listener = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', listener);
      try {
        void calls.run('login', () => Promise.reject(new Error('broken')));
        await response();
        await turns(10);
      } finally {
        process.off('unhandledRejection', listener);
      }
      expect(unhandled).toEqual([]);
    });

    it('fails rather than wait for ever for a call that never ends, and says which', async () => {
      void calls.run('update', () => never);
      const sent = failure(calls.idle());
      await clock.pass(TIMEOUT - 1);
      expect(await Promise.race([sent, turns(1).then(() => 'waiting')])).toBe('waiting');
      await clock.pass(1);
      expect(await sent).toMatchObject({
        code: 'SESSION_USAGE',
        message: expect.stringMatching(/^The response waited 5000 ms .* session\.update\(\)/),
      });
    });

    it('waits for as long as calls get done, however many', async () => {
      let last = held('save');
      const sent = response();
      for (const name of ['login', 'rotate', 'save'] as const) {
        await clock.pass(TIMEOUT - 1);
        const next = held(name);
        last.end();
        await turns();
        last = next;
      }
      last.end();
      expect(await sent).toBe('sent');
      expect(clock.delays).toEqual([]);
    });
  });

  describe('a call that waits for too long', () => {
    it('fails, says for what it waited, and never runs later', async () => {
      const slow = held('save');
      const late = failure(note('login'));
      await clock.pass(TIMEOUT - 1);
      expect(await Promise.race([late, turns(1).then(() => 'waiting')])).toBe('waiting');
      await clock.pass(1);
      expect(await late).toMatchObject({
        code: 'SESSION_USAGE',
        message: expect.stringMatching(/^session\.login\(\) waited 5000 ms .* session\.save\(\)/),
      });
      slow.end();
      await slow.done;
      await turns();
      expect(log).toEqual(['save begins', 'save ends']);
    });

    it('does not let those behind it run before the one it waited for is over', async () => {
      const slow = held('save');
      const late = failure(note('login'));
      await clock.pass(TIMEOUT - 1);
      const last = note('logout');
      await clock.pass(1);
      expect(await late).toMatchObject({ code: 'SESSION_USAGE' });
      expect(log).toEqual(['save begins']);
      slow.end();
      await last;
      expect(log).toEqual(['save begins', 'save ends', 'logout']);
    });

    it('fails the response where nobody waited for it', async () => {
      const slow = held('save');
      void note('login');
      await clock.pass(TIMEOUT);
      slow.end();
      expect(await response()).toMatchObject({ code: 'SESSION_USAGE' });
    });

    it('leaves no timer behind where it need not wait for that long', async () => {
      const slow = held('save');
      const next = note('login');
      await turns();
      expect(clock.delays).toEqual([TIMEOUT]);
      slow.end();
      await next;
      expect(clock.delays).toEqual([]);
    });
  });
});
