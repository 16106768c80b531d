import { randomInt } from 'node:crypto';
import type { CookieSnapshot } from './session-cookie.js';

/**
 * One stored session: what a {@link SessionStore} keeps under a key.
 *
 * A store finds, orders and expires sessions by these fields. The application's data is opaque text, which a store
 * returns unchanged. A store compares only `key`, `version`, `userId`, `reference` and `expiresAt`. Times are milliseconds
 * since the epoch (UTC).
 */
export interface SessionRecord {
  /** The public name of the session (its handle), which stays the same when its id changes. */
  readonly key: string;
  /** base64url of SHA-256 of the session's current id. The id itself is never stored. */
  readonly token: string;
  /** The token before a scheduled renewal of the id, or null. */
  readonly previousToken: string | null;
  /** When the grace period of the previous token ends, or null. */
  readonly previousUntil: number | null;
  /** Incremented when the identity of the visitor, or its certainty, changes. */
  readonly epoch: number;
  /**
   * Differs after every change of the record other than a touch: a counter and, in its last 24 bits, a mark by which a writer
   * recognises its own write. At most 2^53 - 1.
   */
  readonly version: number;
  /** The application's data, as the text of one JSON object (sealed if encryption is on). */
  readonly data: string;
  /** The engine's own data (flash values, the session's cookie settings, rotation), or null. */
  readonly meta: string | null;
  /** The user of the session, or null. */
  readonly userId: string | null;
  /** base64url of SHA-256 of the reference that `login(userId, { reference })` gave, or null. */
  readonly reference: string | null;
  /** When the session started, or when the user last signed in. */
  readonly createdAt: number;
  /** When the session was last used, at most `touchInterval` old. */
  readonly lastSeenAt: number;
  /** When the session ends: the idle or the absolute deadline, whichever is earlier. */
  readonly expiresAt: number;
  /** When the user last signed in with `login()`, or null. */
  readonly authenticatedAt: number | null;
  /** Address of the client that last wrote, or null (`trackDevice: false`). */
  readonly ip: string | null;
  /** User agent of the client that last wrote, at most 512 characters, or null. */
  readonly userAgent: string | null;
  /** The session id, only for a store that `keepsIds`. */
  readonly id?: string;
  /** The settings of the session's cookie, only for a store that `keepsCookies`. */
  readonly cookie?: CookieSnapshot;
  /**
   * What the next use must write if the stored record differs from this one: a touch, the whole record, or the
   * whole record under a new id.
   */
  readonly due?: 'touch' | 'changed' | 'renewal';
  /** The object from which the store created the record, for stores that need it again. */
  readonly source?: object;
}

/** Marks a record that cannot be read: the engine refuses it as corrupt. */
export function unreadable(record: SessionRecord): SessionRecord {
  return { ...record, meta: '' };
}

export function isUnreadable({ meta }: SessionRecord): boolean {
  return meta === '';
}

/** The end of the year 9999, in milliseconds. */
const LATEST = 253_402_300_799_999;

/** Whether a store returned a valid record. Other programs may write to the store, too. */
export function isRecord(given: SessionRecord): boolean {
  return (
    isText(given.key) &&
    isText(given.token) &&
    isText(given.data) &&
    (given.meta === null || isText(given.meta)) &&
    (given.userId === null || isText(given.userId)) &&
    (given.reference === null || isText(given.reference)) &&
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

/** The limit of a 32-bit column. Beyond it, users could not sign in any more. */
const LAST_EPOCH = 2 ** 31 - 1;

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTime(value: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= LATEST;
}

/** A {@link SessionRecord} without data and tokens, for a list of sessions. */
export type SessionSummary = Omit<
  SessionRecord,
  | 'token'
  | 'previousToken'
  | 'previousUntil'
  | 'reference'
  | 'data'
  | 'meta'
  | 'id'
  | 'cookie'
  | 'due'
  | 'source'
>;

/** One optimistic write: "if the record under `key` still has `version`, replace it by `next`". */
export interface SessionChange {
  /** Where the record is found: its key, or its id in a store that `keepsIds`. */
  readonly key: string;
  /** The version the change was made against. */
  readonly version: number;
  /**
   * The new record, with the same `key`. For a touch, `next.version` equals `version`, and only `lastSeenAt`,
   * `expiresAt`, `ip` and `userAgent` differ.
   */
  readonly next: SessionRecord;
  /**
   * Whether user, reference and deadline are unchanged, so that indexes need no write. A store may ignore it.
   *
   * @defaultValue false
   */
  readonly keepsIndexes?: boolean;
}

/** The number of different marks: the last 24 bits of a version. */
const MARKS = 2 ** 24;

/** The last counter that makes a safe integer with its mark. */
const LAST_COUNTER = 2 ** 29 - 1;

/** The number of changes of a record, from its version. */
export function counterOf(version: number): number {
  return Math.floor(version / MARKS);
}

/**
 * The version after a change: the next counter, and a random mark. If the answer of the store is lost, the writer recognises
 * its own write by this mark.
 */
export function versionAfter(version: number): number {
  const counter = counterOf(version);
  return (counter >= LAST_COUNTER ? 1 : counter + 1) * MARKS + randomInt(MARKS);
}

/** Whether a record of a session is older than another one. */
export function isBefore(record: SessionRecord, other: SessionRecord): boolean {
  return record.version === other.version ? record.epoch < other.epoch : record.version < other.version;
}
