import { absoluteDeadline, expiryOf, isTouchDue } from '../record/lifetime.js';
import { endOfActing } from '../record/identity/acting.js';
import type { CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import { actingIn, type SessionOfPerson } from './person.js';
import type { OwnCookie } from './own-cookie.js';
import type { SessionRules } from './session-rules.js';

/** The parts of a session that its life depends on. */
export interface LivingSession extends SessionOfPerson {
  readonly settings: SessionRules;
  readonly host: { readonly cookieDefaults: CookieDefaults };
  readonly ownCookie: OwnCookie;
  readonly cookie: SessionCookie;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly touchRequested: boolean;
}

/** The idle timeout of a session, in milliseconds. If it is infinite, the store decides when sessions end. */
export function idleTimeoutOf(state: LivingSession): number {
  const { lifetimes, idleFollowsCookie, policyCap } = state.settings;
  if (lifetimes.idleTimeout === Infinity) return Infinity;
  const own = ownMaxAgeOf(state);
  if (policyCap !== undefined) {
    const life = own === undefined ? state.host.cookieDefaults.maxAge : own;
    if (life != null && life > policyCap.maxAge) policyCap.warn();
  }
  if (typeof own === 'number') return Math.min(own, lifetimes.longestIdle ?? Infinity);
  const followed = idleFollowsCookie && own === undefined ? state.host.cookieDefaults.maxAge : undefined;
  return followed ?? lifetimes.idleTimeout;
}

/** When a session ends unless it is used. */
export function expiresAtOf(state: LivingSession): number {
  const { base, ownCookie, settings } = state;
  if (base !== undefined && ownCookie.inHand === undefined) return base.expiresAt;
  return Math.min(expiryOf(state, settings.lifetimes, idleTimeoutOf(state)), endOfActing(actingIn(state)));
}

/** Whether its cookie outlives the browser. */
export function isPersistent(state: LivingSession): boolean {
  const own = ownMaxAgeOf(state);
  const { maxAge, expires } = state.host.cookieDefaults;
  return (own === undefined ? (maxAge ?? expires) : own) != null;
}

/** How long the browser keeps the cookie: at most until the session's own deadlines. Undefined: until it closes. */
export function cookieLifeOf(
  state: LivingSession,
): { readonly maxAge: number; readonly expires: Date } | undefined {
  const { cookie, settings } = state;
  cookie.resetMaxAge();
  const { expires, originalMaxAge } = cookie;
  if (expires === null || originalMaxAge === null) return undefined;
  const { now, lifetimes } = settings;
  const { longestIdle = Infinity } = lifetimes;
  const deadline = Math.min(
    absoluteDeadline(state.createdAt, lifetimes),
    endOfActing(actingIn(state)),
    now() + longestIdle,
  );
  return {
    maxAge: Math.min(originalMaxAge, deadline - now()),
    expires: new Date(Math.min(expires.getTime(), deadline)),
  };
}

/** Whether `lastSeenAt` must be written. */
export function mustBeTouched(state: LivingSession): boolean {
  if (state.touchRequested) return true;
  const { now, lifetimes } = state.settings;
  return isTouchDue(state.lastSeenAt, now(), lifetimes, restOf(state));
}

/** How long a session lasts without a touch: until its idle timeout, or until the browser drops its cookie. */
function restOf(state: LivingSession): number {
  const own = ownMaxAgeOf(state);
  const maxAge = own === undefined ? state.host.cookieDefaults.maxAge : own;
  return Math.min(idleTimeoutOf(state), maxAge ?? Infinity);
}

/** The life of the cookie, if the session has its own. */
function ownMaxAgeOf({ ownCookie, meta }: LivingSession): number | null | undefined {
  return ownCookie.changes(meta.cookie)?.originalMaxAge;
}
