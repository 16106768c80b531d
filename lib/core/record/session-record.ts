import { randomInt } from 'node:crypto';
import type { CookieSnapshot } from './session-cookie.js';

/**
 * One stored session: what a {@link SessionStore} keeps under a key.
 *
 * Everything that a store needs to find, order and expire sessions is a field of its own. What the application put into
 * the session is opaque text that a store keeps and returns unchanged. A store compares nothing but `key`, `version`,
 * `userId` and `expiresAt`; all other fields are plain values to it. Times are milliseconds since the epoch (UTC).
 */
export interface SessionRecord {
  /** The public name of the session (its handle): the same from its beginning to its end, whatever becomes of its id. */
  readonly key: string;
  /** base64url of SHA-256 of the session's current id. The id itself is never stored. */
  readonly token: string;
  /** The token before a scheduled renewal of the id, or null. */
  readonly previousToken: string | null;
  /** When the grace period of the previous token ends, or null. */
  readonly previousUntil: number | null;
  /** Raised by one whenever the identity of the visitor, or its certainty, changes. */
  readonly epoch: number;
  /**
   * Another number after every change of the record other than a touch: a counter and, in its last 24 bits, a mark of the
   * write, by which a writer recognises its own. At most 2^53 - 1.
   */
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
  /** The session id, in what is written to a store that `keepsIds`, and in no other. */
  readonly id?: string;
  /** The settings of the session's cookie, in what is written to a store that `keepsCookies`. */
  readonly cookie?: CookieSnapshot;
  /** What its first use has to write, where it is not stored as it stands here: a touch, or all of it. */
  readonly due?: 'touch' | 'changed';
  /** What the store made it of, for a store that wants to see that again. */
  readonly source?: object;
}

/** A record that nobody can make sense of: the engine refuses it as corrupt. */
export function unreadable(record: SessionRecord): SessionRecord {
  return { ...record, meta: '' };
}

/** Whether a record is one that nobody can make sense of. */
export function isUnreadable({ meta }: SessionRecord): boolean {
  return meta === '';
}

/** The end of the year 9999, in milliseconds. */
const LATEST = 253_402_300_799_999;

/** Whether what a store returned has the shape of a record: whoever can write to it may have put anything there. */
export function isRecord(given: SessionRecord): boolean {
  return (
    isText(given.key) &&
    isText(given.token) &&
    isText(given.data) &&
    (given.meta === null || isText(given.meta)) &&
    (given.userId === null || isText(given.userId)) &&
    (given.previousToken === null || isText(given.previousToken)) &&
    (given.previousUntil === null || isTime(given.previousUntil)) &&
    (given.authenticatedAt === null || isTime(given.authenticatedAt)) &&
    isTime(given.createdAt) &&
    isTime(given.lastSeenAt) &&
    typeof given.expiresAt === 'number' &&
    Number.isSafeInteger(given.version) &&
    Number.isSafeInteger(given.epoch) &&
    given.epoch < LAST_EPOCH
  );
}

/** A 32-bit column holds no more. Beyond it, nobody could sign in any more. */
const LAST_EPOCH = 2 ** 31 - 1;

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTime(value: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= LATEST;
}

/** A {@link SessionRecord} without what the application stored and without tokens: what a list of sessions shows. */
export type SessionSummary = Omit<
  SessionRecord,
  'token' | 'previousToken' | 'previousUntil' | 'data' | 'meta' | 'id' | 'cookie' | 'due' | 'source'
>;

/** One optimistic write: "if the record under `key` still has `version`, replace it by `next`". */
export interface SessionChange {
  /** Where the record is found: its key, or its id in a store that `keepsIds`. */
  readonly key: string;
  /** The version the change was made against. */
  readonly version: number;
  /**
   * The record that takes its place; its `key` is the one it had.
   * `next.version` equals `version` for a touch, which changes `lastSeenAt`, `expiresAt`, `ip` and `userAgent` alone.
   */
  readonly next: SessionRecord;
  /**
   * Whether user and deadline stay as they were read, so that what sessions are found by need not be written. A store
   * may ignore it.
   *
   * @defaultValue false
   */
  readonly keepsIndexes?: boolean;
}

/** How many values the mark of a write has: the last 24 bits of a version. */
const MARKS = 2 ** 24;

/** The last counter: with its mark it still is a safe integer. */
const LAST_COUNTER = 2 ** 29 - 1;

/** How often a record was changed, as its version says. */
export function counterOf(version: number): number {
  return Math.floor(version / MARKS);
}

/**
 * The version after a change: the counter raised by one, and a random mark. A writer whose answer was lost recognises its
 * own write by the mark: nobody else has written this very version.
 */
export function versionAfter(version: number): number {
  const counter = counterOf(version);
  return (counter >= LAST_COUNTER ? 1 : counter + 1) * MARKS + randomInt(MARKS);
}
