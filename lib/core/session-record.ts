import type { CookieAttributes } from './session-cookie.js';

/** The settings of a session's cookie as they are in force: its attributes, and its life in milliseconds (null: until the browser closes). */
export type CookieSnapshot = Readonly<CookieAttributes> & { readonly originalMaxAge: number | null };

/**
 * One stored session: what a {@link SessionStore} keeps under a key.
 *
 * Everything a store needs to find, order and expire sessions is a field of its own; what the application put into
 * the session is opaque text that a store keeps and returns unchanged. Times are milliseconds since the epoch (UTC).
 */
export interface SessionRecord {
  /** The handle: base64url of SHA-256 of the session id (43 characters). The id itself is never stored. */
  readonly key: string;
  /** Raised by one with every change of the record other than a touch. */
  readonly version: number;
  /** The application's data, as the text of one JSON object (sealed, where encryption is on). */
  readonly data: string;
  /** What the engine keeps beside the data (flash values, the session's own cookie settings, rotation), or null. */
  readonly meta: string | null;
  /** Whose session it is, or null. */
  readonly userId: string | null;
  /** When the session began. */
  readonly createdAt: number;
  /** When the session was last seen, at most `touchInterval` stale. */
  readonly lastSeenAt: number;
  /** When the session ends: the idle or the absolute deadline, whichever is earlier. */
  readonly expiresAt: number;
  /** When the user last proved who they are with `login()`, or null. */
  readonly authenticatedAt: number | null;
  /** Address of the client that last wrote, or null (`trackDevice: false`). */
  readonly ip: string | null;
  /** User agent of the client that last wrote, at most 512 characters, or null. */
  readonly userAgent: string | null;
  /** The key this session had before its id was renewed, or null. A store finds the record under this key as well. */
  readonly previousKey: string | null;
  /** The settings of the session's cookie, in what is written to a store that `keepsCookies`. */
  readonly cookie?: CookieSnapshot;
  /** What its first use has to write, where it is not stored as it stands here: a touch, or all of it. */
  readonly due?: 'touch' | 'changed';
  /** What the store made it of, for a store that wants to see that again. */
  readonly source?: object;
}

/** A record that nobody can make sense of: the session is given up and told of as corrupt. */
export function unreadable(record: SessionRecord): SessionRecord {
  return { ...record, meta: '' };
}

/** A {@link SessionRecord} without what the application stored: what a list of sessions shows. */
export type SessionSummary = Omit<
  SessionRecord,
  'data' | 'meta' | 'previousKey' | 'cookie' | 'due' | 'source'
>;

/** One optimistic write: "if the record under `key` still has `version`, replace it by `next`". */
export interface SessionChange {
  /** The key the record has now. */
  readonly key: string;
  /** The version the change was made against. */
  readonly version: number;
  /**
   * The record that takes its place. `next.key` differs from `key` when the session id was renewed.
   * `next.version` equals `version` for a touch, which changes `lastSeenAt`, `expiresAt`, `ip` and `userAgent` alone.
   */
  readonly next: SessionRecord;
  /**
   * Whether key, user and deadline stay as they were read, so that what sessions are found by need not be written. A store
   * may pass it over.
   *
   * @defaultValue false
   */
  readonly keepsIndexes?: boolean;
}
