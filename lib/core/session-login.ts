import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
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

/**
 * The digest of a reference, or null if there is none.
 *
 * @throws SessionDataError if the reference is not valid.
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

/** The checked options of `actAs()`. @throws SessionDataError, SessionOptionsError */
export function actingOf(
  { limit = ACTING_LIMIT, onLimit = 'stop' }: ActAsOptions,
  durationOf: SessionSettings['durationOf'],
): Pick<Acting, 'onLimit'> & { readonly limit: number } {
  if (onLimit !== 'stop' && onLimit !== 'end')
    throw new SessionDataError(messages.actingOnLimit(describe(onLimit)));
  return { limit: durationOf('session.actAs() limit', limit), onLimit };
}
