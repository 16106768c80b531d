/** How long sessions live. All values are milliseconds. */
export interface SessionLifetimes {
  /** A session that is not used for this long ends. */
  readonly idleTimeout: number;
  /** A session ends at this age, even if it is used; `false` switches it off. */
  readonly absoluteTimeout: number | false;
  /** The longest idle timeout that a session may have by its own `cookie.maxAge`. @defaultValue any */
  readonly longestIdle?: number | undefined;
  /** How stale `lastSeenAt` may get before a read costs a write. */
  readonly touchInterval: number;
  /** The age at which an id is renewed; `false` switches it off. */
  readonly rotateInterval: number | false;
  /** How long the old id still finds the session after a scheduled renewal. */
  readonly rotationGrace: number;
}

/** The absolute deadline of a session that began at `createdAt`. No touch moves it (OWASP ASVS 5.0, 7.3.2). */
export function absoluteDeadline(createdAt: number, lifetimes: SessionLifetimes): number {
  return lifetimes.absoluteTimeout === false ? Infinity : createdAt + lifetimes.absoluteTimeout;
}

/** When a session ends; `idle` is its idle timeout. */
export function expiryOf(
  times: { readonly createdAt: number; readonly lastSeenAt: number },
  lifetimes: SessionLifetimes,
  idle: number,
): number {
  return Math.min(times.lastSeenAt + Math.round(idle), absoluteDeadline(times.createdAt, lifetimes));
}

/** A session is touched at the latest when this part of its remaining time has passed. */
export const LARGEST_PART = 1 / 10;

/**
 * Whether `lastSeenAt` must be written again. A session that lasts only for a short `rest` without a touch is touched more
 * often, so that it does not end while it is used.
 */
export function isTouchDue(
  lastSeenAt: number,
  now: number,
  lifetimes: SessionLifetimes,
  rest: number,
): boolean {
  return now - lastSeenAt >= Math.min(lifetimes.touchInterval, rest * LARGEST_PART);
}

const MINUTE = 60 * 1_000;
const DAY_IN_SECONDS = 24 * 60 * 60;

/**
 * Whether a number given as milliseconds was most likely meant as seconds: it is less than a minute (`3600`), or a whole
 * number of days in seconds (`604800`) but not of minutes in milliseconds.
 */
export function looksLikeSeconds(milliseconds: number): boolean {
  if (milliseconds < MINUTE) return true;
  return milliseconds % DAY_IN_SECONDS === 0 && milliseconds % MINUTE !== 0;
}
