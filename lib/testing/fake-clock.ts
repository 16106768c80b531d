import type { INestApplicationContext } from '@nestjs/common';
import { type Duration, duration } from '../options/option-checks.js';
import { runtimeOf } from './runtime-of.js';

/** What time it is for the sessions of an application. */
export interface FakeClock {
  /** The time that the sessions go by. */
  now(): Date;
  /**
   * Moves the time ahead, so that sessions age by that much.
   *
   * @param by - Milliseconds, or a duration such as `'31m'`.
   * @throws SessionOptionsError when `by` is no duration.
   */
  advance(by: Duration): void;
  /** Goes back to the system's time: do it after each test where tests share an application. */
  reset(): void;
}

/**
 * The clock that the sessions of an application go by: idle and absolute timeout, `touchInterval`, renewal of ids,
 * `@RequireLogin({ within })`, and the times in events. It starts at the system's time and goes on as that does. Timers,
 * `Date.now()` and other applications are left as they are; so is what a store for express-session or a database does
 * on its own clock.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @throws SessionUsageError when the application has no `SessionModule`.
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
