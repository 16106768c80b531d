import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { count, type Duration, duration, flag } from '../options/option-checks.js';
import { LOGIN } from '../session.constants.js';

/** What {@link RequireLogin} may be told. */
export interface RequireLoginOptions {
  /**
   * How long ago `session.login()` may have been: for what is too dangerous for a session somebody left open
   * (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
   *
   * With `level`, how long ago that level, or a higher one, may have been proved by `login()` or `stepUp()`.
   *
   * @defaultValue any time
   */
  readonly within?: Duration;
  /**
   * How surely the user has to be known: what `session.login(userId, { level })` or `session.stepUp(level)` said.
   *
   * @defaultValue any level
   */
  readonly level?: number;
  /**
   * Refuses somebody who acts for the user (`session.actAs()`): for what only the user in person may do, such as changing
   * the password.
   *
   * @defaultValue `false`
   */
  readonly self?: boolean;
}

/** What a {@link SessionGuard} is asked for by `@RequireLogin(...)`. */
export interface LoginRequirement {
  /** Milliseconds. */
  readonly within?: number | undefined;
  readonly level?: number | undefined;
  readonly self?: boolean | undefined;
}

/**
 * What a `SessionGuard` asks of the session: that somebody is signed in, `within` some time, with a certain `level`, or in
 * person (`self`). Answers 401 with the code `LOGIN_REQUIRED`, `LOGIN_STALE` or `LOGIN_LEVEL` (and the `level` that is asked
 * for), by which a client knows what to ask the user for; 403 with `LOGIN_ACTING`. It needs the guard: alone it does
 * nothing. What stands on the method replaces what stands on the class.
 *
 * @throws SessionOptionsError when `within` is no duration, `level` no whole number of 1 or more, or `self` no boolean.
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @RequireLogin({ within: '5m' }) @Post('password') changePassword() { … }
 * @UseGuards(SessionGuard) @RequireLogin({ level: 2, within: '10m', self: true }) @Post('payout') payout() { … }
 * ```
 */
export function RequireLogin({ within, level, self }: RequireLoginOptions = {}): CustomDecorator {
  return SetMetadata(LOGIN, {
    within: within === undefined ? undefined : duration('@RequireLogin within', within),
    level: count('@RequireLogin level', level, undefined),
    self: flag('@RequireLogin self', self, undefined),
  } satisfies LoginRequirement);
}
