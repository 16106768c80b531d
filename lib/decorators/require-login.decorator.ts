import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { type Duration, duration } from '../options/option-checks.js';
import { LOGIN } from '../session.constants.js';

/** Options of {@link RequireLogin}. */
export interface RequireLoginOptions {
  /**
   * The longest time since `session.login()`, for actions that need a recent login (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
   *
   * @defaultValue any time
   */
  readonly within?: Duration;
}

/** The login that `@RequireLogin(...)` asks for. */
export interface LoginRequirement {
  /** Milliseconds. */
  readonly within: number | undefined;
}

/**
 * Makes a `SessionGuard` ask for a login, or for one `within` some time. The answer is 401 with the code `LOGIN_REQUIRED` or
 * `LOGIN_STALE`, so that a client knows what to ask the user for. Without the guard it does nothing. The decorator of a
 * method replaces that of its class.
 *
 * @param options - `false` on a method takes the rule of its class back: the guard asks for a session only.
 * @throws SessionOptionsError if `within` is no duration.
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @RequireLogin({ within: '5m' }) @Post('password') changePassword() { … }
 * ```
 */
export function RequireLogin(options: RequireLoginOptions | false = {}): CustomDecorator {
  if (options === false) return SetMetadata(LOGIN, false);
  const { within } = options;
  const milliseconds = within === undefined ? undefined : duration('@RequireLogin within', within);
  return SetMetadata(LOGIN, { within: milliseconds } satisfies LoginRequirement);
}
