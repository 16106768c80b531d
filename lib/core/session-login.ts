import { describe, messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { Acting } from './record/identity/acting.js';
import { SessionCapabilityError } from '../errors/session-capability.error.js';
import { isLevel } from './record/identity/levels.js';
import { referenceDigest } from './record/identity/reference.js';
import { userIdText } from './record/session-id.js';
import type { SessionKey } from './session-data.js';
import type { SessionRules, SessionSettings } from './request/session-rules.js';

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
  /**
   * What another service calls this session, for `SessionService.revokeByReference()`: for example the `sid` of an ID token,
   * by which an OpenID provider ends the session later. A string of 1 to 255 characters without NUL. Several sessions may
   * have the same. The store keeps a digest of it, so nothing shows it. It stays until the next `login()`, or the end.
   *
   * @defaultValue none
   */
  readonly reference?: string | undefined;
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

/**
 * The digest of a reference, or null where there is none.
 *
 * @throws SessionDataError for what is no reference.
 * @throws SessionCapabilityError if the store cannot find sessions by it.
 */
export function requireReference(
  reference: unknown,
  { keepsReferences }: Pick<SessionRules, 'keepsReferences'>,
): string | null {
  if (reference === undefined) return null;
  const digest = referenceDigest(reference);
  if (digest === undefined)
    throw new SessionDataError(
      messages.referenceInvalid('session.login(userId, { reference })', describe(reference)),
    );
  if (!keepsReferences) throw new SessionCapabilityError(messages.referenceForgotten);
  return digest;
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
