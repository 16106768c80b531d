import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallName,
  type SessionCallback,
  SessionCalls,
} from '../../../../lib/core/request/session-calls.js';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';

const TIMEOUT = 5_000;

let calls: SessionCalls;
let callbackErrors: unknown[];
let log: string[];

describe('session calls nesting', () => {
  beforeEach(() => {
    log = [];
    callbackErrors = [];
    calls = new SessionCalls(TIMEOUT, (error) => callbackErrors.push(error));
  });

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

  describe('within the function of an update()', () => {
    const NAMES = [
      'update',
      'save',
      'login',
      'logout',
      'rotate',
      'regenerate',
      'destroy',
      'reload',
      '@Flash',
    ] as const;
    const insideOf = (fn: () => unknown): Promise<unknown> =>
      calls.run('update', async (inside) => {
        await inside(fn);
      });

    it.each(NAMES)('%s() is refused at once, and does not run', async (name) => {
      let refused: unknown;
      await insideOf(async () => (refused = await failure(note(name))));
      expect(refused).toMatchObject({
        code: 'SESSION_USAGE',
        message: expect.stringContaining(`session.${name}()`),
      });
      expect(log).toEqual([]);
    });

    it.each(NAMES)('%s() is refused also after the function has waited for something', async (name) => {
      let refused: unknown;
      await insideOf(async () => {
        await turns(2);
        refused = await failure(note(name));
      });
      expect(refused).toMatchObject({ code: 'SESSION_USAGE' });
      expect(log).toEqual([]);
    });

    it('a call that is refused and not awaited fails the response', async () => {
      await insideOf(() => void note('login'));
      expect(await response()).toMatchObject({ code: 'SESSION_USAGE' });
    });

    it('a call that the function leaves for later waits its turn like any other, once the update() is over', async () => {
      let later!: Promise<void>;
      const update = insideOf(() => {
        later = turns(3).then(() => note('login'));
      });
      await update;
      await later;
      expect(log).toEqual(['login']);
    });

    it('a call that others make meanwhile waits its turn', async () => {
      const gate = defer();
      const update = insideOf(() => gate.promise);
      const other = note('login');
      await turns();
      expect(log).toEqual([]);
      gate.resolve();
      await Promise.all([update, other]);
      expect(log).toEqual(['login']);
    });

    it('another session may be called, and an update() within that refuses both', async () => {
      const other = new SessionCalls(TIMEOUT, () => undefined);
      const refused: unknown[] = [];
      await insideOf(() =>
        other.run('update', async (inside) => {
          await inside(async () => {
            refused.push(await failure(note('save')));
            refused.push(await failure(other.run('save', () => Promise.resolve())));
          });
        }),
      );
      expect(refused).toMatchObject([{ code: 'SESSION_USAGE' }, { code: 'SESSION_USAGE' }]);
    });
  });

  describe('a callback', () => {
    const session = {};
    const answer = (name: CallName, work: () => Promise<void>, callback: SessionCallback): void =>
      void expect(calls.answer(session, name, work, callback)).toBe(session);
    const work = (): Promise<void> => Promise.resolve();

    it('runs when its call is over, and the session is returned', async () => {
      answer(
        'save',
        () => Promise.resolve(void log.push('work')),
        (...args) => log.push(`callback ${args.length}`),
      );
      expect(await response()).toBe('sent');
      expect(log).toEqual(['work', 'callback 0']);
    });

    it('is given the error, which then is nobody else’s', async () => {
      const error = new Error('broken');
      const given: unknown[] = [];
      answer(
        'save',
        () => Promise.reject(error),
        (...args) => given.push(args),
      );
      expect(await response()).toBe('sent');
      expect(given).toEqual([[error]]);
    });

    it('may call the session, as deep as it likes, and the response waits for all of it', async () => {
      answer('save', work, () => {
        log.push('saved');
        answer('regenerate', work, () => {
          log.push('regenerated');
          answer('save', work, () => void log.push('saved again'));
          void note('login');
        });
      });
      expect(await response()).toBe('sent');
      expect(log).toEqual(['saved', 'regenerated', 'login', 'saved again']);
    });

    it('comes after the calls that were made before its own, and before those that it makes', async () => {
      const gate = defer();
      void calls.run('login', () => gate.promise.then(() => void log.push('login')));
      answer('save', work, () => void note('rotate'));
      gate.resolve();
      expect(await response()).toBe('sent');
      expect(log).toEqual(['login', 'rotate']);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('in the callback');
        },
      ],
      [
        'returns a promise that rejects',
        () => Promise.reject(new Error('in the callback')) as unknown as void,
      ],
    ])('that %s fails the response and never the process', async (_, callback) => {
      answer('save', work, callback);
      expect(await response()).toMatchObject({ message: 'in the callback' });
      expect(callbackErrors).toMatchObject([{ message: 'in the callback' }]);
      expect(await response()).toMatchObject({ message: 'in the callback' });
    });

    it('that throws does not keep later calls from running', async () => {
      answer('save', work, () => {
        throw new Error('in the callback');
      });
      await note('login');
      await calls.idle();
      expect(log).toEqual(['login']);
    });

    it('is none where none was given: a promise is returned', async () => {
      const returned = calls.answer(session, 'save', work, undefined);
      expect(returned).toBeInstanceOf(Promise);
      await returned;
    });
  });
});
