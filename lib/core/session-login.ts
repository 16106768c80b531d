import { describe, messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { Acting } from './record/identity/acting.js';
import { isLevel } from './record/identity/levels.js';
import { userIdText } from './record/session-id.js';
import type { SessionKey } from './session-data.js';
import type { SessionSettings } from './request/session-rules.js';

/** Options of `session.login()`. */
export interface LoginOptions {
  /**
   * The data keys to keep. If you pass it, all other keys, the session's own cookie settings and flash values are
   * removed.
   *
   * @defaultValue everything is kept
   */
  readonly keep?: readonly SessionKey[];
  /**
   * The level of the login: a whole number of 1 or more, which `@RequireLogin({ level })` checks. For example 2 if you
   * have also checked a second factor.
   *
   * @defaultValue 1
   */
  readonly level?: number;
}

/** Options of `session.actAs()`. */
export interface ActAsOptions {
  /**
   * How long the session acts for the other user: milliseconds, or text such as `'30m'`.
   *
   * @defaultValue 1 hour
   */
  readonly limit?: number | string;
  /**
   * What happens after the limit: `'stop'` gives the session back to the actor, `'end'` ends it.
   *
   * @defaultValue `'stop'`
   */
  readonly onLimit?: 'stop' | 'end';
}

/** The default limit for acting for another user, in milliseconds. */
const ACTING_LIMIT = 60 * 60 * 1000;

/** @throws SessionDataError for a value that is not a user id. */
export function requireUserId(call: string, userId: unknown): string {
  const text = userIdText(userId);
  if (text === undefined) throw new SessionDataError(messages.userIdInvalid(call, describe(userId)));
  return text;
}

/** @throws SessionDataError for a value that is not a level. */
export function requireLevel(call: string, level: unknown): number {
  if (!isLevel(level))
    throw new SessionDataError(messages.levelInvalid(`session.${call}() level`, describe(level)));
  return level;
}

/** The checked options of `actAs()`. @throws SessionDataError, SessionOptionsError */
export function actingOf(
  { limit = ACTING_LIMIT, onLimit = 'stop' }: ActAsOptions,
  durationOf: SessionSettings['durationOf'],
): Pick<Acting, 'onLimit'> & { readonly limit: number } {
  if (onLimit !== 'stop' && onLimit !== 'end')
    throw new SessionDataError(messages.actingOnLimit(describe(onLimit)));
  return { limit: durationOf('session.actAs() limit', limit), onLimit };
}
