import type { INestApplicationContext } from '@nestjs/common';
import { type Duration, duration } from '../options/option-checks.js';
import { runtimeOf } from './runtime-of.js';

/** The clock of an application's sessions. */
export interface FakeClock {
  /** The current time of the sessions. */
  now(): Date;
  /**
   * Advances the time, so that sessions get older.
   *
   * @param by - Milliseconds, or a duration such as `'31m'`.
   * @throws SessionOptionsError if `by` is not a duration.
   */
  advance(by: Duration): void;
  /** Returns to the system time. Call it after each test if tests share an application. */
  reset(): void;
}

/**
 * The clock of an application's sessions. It applies to the idle and absolute timeout, `touchInterval`, renewal of ids,
 * `@RequireLogin({ within })`, and the times in events. It starts at the system time and continues from there. It does
 * not change timers, `Date.now()`, other applications, or the clocks of stores for express-session and of databases.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @throws SessionUsageError if the application has no `SessionModule`.
 * @example
 * ```ts
 * const cookie = await signIn(app, { userId: '42' });
 * fakeClock(app).advance('31m');
 * expect(await readSession(app, cookie)).toBeUndefined();
 * ```
 */
export function fakeClock(app: INestApplicationContext): FakeClock {
  const { clock } = runtimeOf(app).options;
  return {
    now: () => new Date(clock.now()),
    advance: (by) => clock.advance(duration('fakeClock advance', by, { zero: true })),
    reset: () => clock.reset(),
  };
}
