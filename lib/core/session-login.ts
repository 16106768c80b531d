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
   * The data keys to keep. Without them, the session's own cookie settings and flash values go, too.
   *
   * @defaultValue everything is kept
   */
  readonly keep?: readonly SessionKey[];
  /**
   * How surely the user is known: a whole number of 1 or more, by which `@RequireLogin({ level })` lets the session in. For
   * example 2 where a second factor was checked, too.
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
   * What happens then: `'stop'` makes the session the actor's again, `'end'` ends it.
   *
   * @defaultValue `'stop'`
   */
  readonly onLimit?: 'stop' | 'end';
}

/** How long a session acts for somebody, in milliseconds, where nothing else is said. */
const ACTING_LIMIT = 60 * 60 * 1000;

/** @throws SessionDataError for what no user can be called. */
export function requireUserId(call: string, userId: unknown): string {
  const text = userIdText(userId);
  if (text === undefined) throw new SessionDataError(messages.userIdInvalid(call, describe(userId)));
  return text;
}

/** @throws SessionDataError for what is no level. */
export function requireLevel(call: string, level: unknown): number {
  if (!isLevel(level))
    throw new SessionDataError(messages.levelInvalid(`session.${call}() level`, describe(level)));
  return level;
}

/** How long a session is to act for somebody, in milliseconds, and what happens then. @throws SessionDataError, SessionOptionsError */
export function actingOf(
  { limit = ACTING_LIMIT, onLimit = 'stop' }: ActAsOptions,
  durationOf: SessionSettings['durationOf'],
): Pick<Acting, 'onLimit'> & { readonly limit: number } {
  if (onLimit !== 'stop' && onLimit !== 'end')
    throw new SessionDataError(messages.actingOnLimit(describe(onLimit)));
  return { limit: durationOf('session.actAs() limit', limit), onLimit };
}
