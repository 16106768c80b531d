import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { count, type Duration, duration, flag } from '../options/option-checks.js';
import { LOGIN } from '../session.constants.js';

/** Options of {@link RequireLogin}. */
export interface RequireLoginOptions {
  /**
   * The longest time since `session.login()`, for actions that need a recent login (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
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

/** The login that `@RequireLogin(...)` asks for. */
export interface LoginRequirement {
  /** Milliseconds. */
  readonly within?: number | undefined;
  readonly level?: number | undefined;
  readonly self?: boolean | undefined;
}

/**
 * Makes a `SessionGuard` ask for a login, `within` some time, with a certain `level`, or in person (`self`). The answer is 401
 * with the code `LOGIN_REQUIRED`, `LOGIN_STALE` or `LOGIN_LEVEL` (and the `level` that is asked for), so that a client knows
 * what to ask the user for, or 403 with `LOGIN_ACTING`. Without the guard it does nothing. The decorator of a method replaces
 * that of its class.
 *
 * @param options - `false` on a method takes the rule of its class back: the guard asks for a session only.
 * @throws SessionOptionsError if `within` is no duration, `level` no whole number of 1 or more, or `self` no boolean.
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @RequireLogin({ within: '5m' }) @Post('password') changePassword() { … }
 * @UseGuards(SessionGuard) @RequireLogin({ level: 2, within: '10m', self: true }) @Post('payout') payout() { … }
 * ```
 */
export function RequireLogin(options: RequireLoginOptions | false = {}): CustomDecorator {
  if (options === false) return SetMetadata(LOGIN, false);
  const { within, level, self } = options;
  return SetMetadata(LOGIN, {
    within: within === undefined ? undefined : duration('@RequireLogin within', within),
    level: count('@RequireLogin level', level, undefined),
    self: flag('@RequireLogin self', self, undefined),
  } satisfies LoginRequirement);
}
