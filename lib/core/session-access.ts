import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionLockedError } from '../errors/session-locked.error.js';
import { csrfTokenFor, isTokenFor } from './record/csrf-token.js';
import { provedAt } from './record/identity/levels.js';
import { flashEntries } from './record/session-meta.js';
import { actingIn, levelsIn } from './request/person.js';
import { SessionObject } from './session.js';

/**
 * Takes all flash values of a key, in the store. If several requests ask for a value at the same time, on any
 * instances, one of them gets it. A session that has ended meanwhile has no values.
 */
export async function takeFlash(session: SessionObject, key: string): Promise<unknown[]> {
  const { meta } = SessionObject.stateOf(session);
  if (flashEntries(meta.flash, key).length === 0) return session.flash(key);
  try {
    return await SessionObject.updateFor('@Flash', session, () => session.flash(key));
  } catch (error) {
    if (error instanceof SessionEndedError) return [];
    throw error;
  }
}

/**
 * A token for a form of the session. The first call creates and stores the session's secret. Simultaneous requests, on
 * any instances, all use the stored secret.
 */
export async function csrfTokenOf(session: SessionObject): Promise<string> {
  const state = SessionObject.stateOf(session);
  // A session that is never stored (`onStoreError: 'anonymous'`, or a lock) gets tokens that are not valid, so that its page
  // works.
  const isKept = state.meta.csrf !== undefined || ['detached', 'locked'].includes(state.status);
  return csrfTokenFor(
    isKept ? state.needCsrf() : await SessionObject.updateFor('@CsrfToken', session, () => state.needCsrf()),
  );
}

/** Notes that the application has got the session, or an object out of its data, and may change it from now on. */
export function handOut(session: SessionObject): void {
  SessionObject.stateOf(session).content?.handOut();
}

/** Whether a token is one of the session's. */
export function isCsrfTokenOf(session: SessionObject, token: string): boolean {
  const { csrf } = SessionObject.stateOf(session);
  return csrf !== undefined && isTokenFor(csrf, token);
}

/** Milliseconds since the user signed in with `login()`; undefined if that did not happen. */
export function loginAgeOf(session: SessionObject): number | undefined {
  const { base, settings } = SessionObject.stateOf(session);
  return base?.authenticatedAt == null ? undefined : settings.now() - base.authenticatedAt;
}

/** Milliseconds since the session reached a level, or a higher one; undefined if it did not. */
export function levelAgeOf(session: SessionObject, level: number): number | undefined {
  const state = SessionObject.stateOf(session);
  const at = provedAt(levelsIn(state), level);
  return at === undefined ? undefined : state.settings.now() - at;
}

/** Whether the session acts for another user. */
export function isActedFor(session: SessionObject): boolean {
  return actingIn(SessionObject.stateOf(session)) !== undefined;
}

/** The error if the request must not open the session of its cookie; otherwise undefined. */
export function lockOf(session: SessionObject): SessionLockedError | undefined {
  // A guard of the application may return its own object.
  if (!(session instanceof SessionObject)) return undefined;
  const { detachedBy } = SessionObject.stateOf(session);
  return detachedBy instanceof SessionLockedError ? detachedBy : undefined;
}

/** The handle of a session, whatever data the application has assigned over its members. */
export function handleOf(session: SessionObject): string {
  return SessionObject.stateOf(session).key;
}

/** The user of the session: the one given to `login()`, else the one that the option `userId` finds in the data. */
export function ownerOf(session: SessionObject): string | undefined {
  return SessionObject.stateOf(session).owner ?? undefined;
}
