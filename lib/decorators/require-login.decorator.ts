import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { type Duration, duration } from '../options/option-checks.js';
import { LOGIN } from '../session.constants.js';

/** What {@link RequireLogin} may be told. */
export interface RequireLoginOptions {
  /**
   * How long ago `session.login()` may have been: for what is too dangerous for a session somebody left open
   * (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
   *
   * @defaultValue any time
   */
  readonly within?: Duration;
}

/** What a {@link SessionGuard} is asked for by `@RequireLogin(...)`. */
export interface LoginRequirement {
  /** Milliseconds. */
  readonly within: number | undefined;
}

/**
 * What a `SessionGuard` asks of the session: that somebody is signed in, or was `within` some time. Answers 401 with the
 * code `LOGIN_REQUIRED` or `LOGIN_STALE`, by which a client knows what to ask the user for. It needs the guard: alone
 * it does nothing. What stands on the method replaces what stands on the class.
 *
 * @throws SessionOptionsError when `within` is no duration.
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @RequireLogin({ within: '5m' }) @Post('password') changePassword() { … }
 * ```
 */
export function RequireLogin({ within }: RequireLoginOptions = {}): CustomDecorator {
  const milliseconds = within === undefined ? undefined : duration('@RequireLogin within', within);
  return SetMetadata(LOGIN, { within: milliseconds } satisfies LoginRequirement);
}
