import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { count, type Duration, duration, flag } from '../options/option-checks.js';
import { LOGIN } from '../session.constants.js';

/** Options of {@link RequireLogin}. */
export interface RequireLoginOptions {
  /**
   * The longest time since `session.login()`, for actions that need a recent login (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
   *
   * With `level`: the longest time since `login()` or `stepUp()` with that level or a higher one.
   *
   * @defaultValue any time
   */
  readonly within?: Duration;
  /**
   * The lowest level that the session must have from `session.login(userId, { level })` or `session.stepUp(level)`.
   *
   * @defaultValue any level
   */
  readonly level?: number;
  /**
   * Refuses a session that acts for the user (`session.actAs()`). Use it for actions that only the user in person may
   * perform, such as changing the password.
   *
   * @defaultValue `false`
   */
  readonly self?: boolean;
}

/** The login that `@RequireLogin(...)` requires, as the steps of `SessionGuard` get it. */
export interface LoginRequirement {
  /** The longest time since the login, in milliseconds. @defaultValue any time */
  readonly within?: number | undefined;
  /** The lowest level. @defaultValue any level */
  readonly level?: number | undefined;
  /** Whether the user must be present in person. @defaultValue `false` */
  readonly self?: boolean | undefined;
}

/**
 * Makes a `SessionGuard` require a login, `within` some time, with a certain `level`, or in person (`self`). Otherwise
 * the response is 401 with the code `LOGIN_REQUIRED`, `LOGIN_STALE` or `LOGIN_LEVEL` (with the required `level`), so
 * that a client knows what to ask the user for, or 403 with `LOGIN_ACTING`. Without the guard the decorator has no
 * effect. The decorator of a method replaces that of its class.
 *
 * @param options - `false` on a method removes the rule of its class: the guard requires only a session.
 * @throws SessionOptionsError if `within` is not a duration, `level` not a whole number of 1 or more, or `self` not a boolean.
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
