import { createHash } from 'node:crypto';
import type { CookieSnapshot } from '../../core/record/session-cookie.js';
import { type SessionRecord, unreadable } from '../../core/record/session-record.js';
import { parseObject } from '../../core/record/session-text.js';
import type { StoredSession } from './express-session-store.js';

/** The fields of a record that express-session does not have. The key of the row contains the others. */
export type RowFacts = Omit<
  SessionRecord,
  'key' | 'reference' | 'data' | 'expiresAt' | 'id' | 'cookie' | 'due' | 'source'
>;

/** The fields that the key of a row gives. */
export type Names = Pick<SessionRecord, 'key' | 'token'>;

/** A parsed row of a store for express-session. */
export interface Row {
  /** The application's data, as the text of a JSON object. */
  readonly data: string;
  readonly cookie: Partial<CookieSnapshot> & { readonly expires?: string | null };
  /** The fields of this package; undefined if express-session wrote the row last. */
  readonly facts: RowFacts | undefined;
}

/** The name of the facts in a row's cookie, which express-session ignores. */
const FACTS = 'nestSession';

/** A day in milliseconds: how long most stores keep a session whose cookie ends with the browser. */
const USUAL_LIFE = 24 * 60 * 60 * 1000;

/** A hundred years in milliseconds: the longest accepted life. */
const LONGEST_LIFE = 100 * 365.25 * USUAL_LIFE;

/** The end of the year 9999. */
const LATEST = 253_402_300_799_999;

/** Parses a session of a store; undefined if express-session cannot have stored it. */
export function readRow(session: unknown): Row | undefined {
  try {
    const { cookie, ...data } = session as Record<string, unknown>;
    // Some stores return objects of their own, whose JSON counts.
    const { [FACTS]: facts, ...settings } = parseObject(JSON.stringify(cookie));
    if (facts !== undefined && !isFacts(facts)) return undefined;
    return { data: JSON.stringify(data), cookie: settings, facts };
  } catch {
    return undefined; // not an object with a cookie, or not JSON
  }
}

/** A row's cookie for stores: some read `expires`, some `maxAge`, most its JSON. */
class RowCookie {
  declare readonly expires: Date | null;
  declare readonly originalMaxAge: number | null;

  constructor(settings: object) {
    Object.assign(this, settings);
  }

  get maxAge(): number | null {
    return this.expires && this.expires.getTime() - Date.now();
  }

  /** The same as `expires`, for stores that read this. */
  get _expires(): Date | null {
    return this.expires;
  }

  get data(): object {
    return { ...this };
  }

  toJSON(): object {
    return this.data;
  }
}

/** A record as express-session would store it, with its facts if given. */
export function writeRow(record: SessionRecord, expires: Date | null, facts?: RowFacts): StoredSession {
  const { partitioned, priority, secure, httpOnly, domain, path, sameSite } = record.cookie ?? {};
  const originalMaxAge = record.cookie?.originalMaxAge ?? null;
  const cookie = new RowCookie({
    ...{ originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite },
    ...(facts && { [FACTS]: facts }),
  });
  return { cookie, ...parseObject(record.data) };
}

/**
 * A record without cookie attributes that depend on the connection. express-session uses the attributes of a row as they are,
 * so it gets those that are safe on any connection.
 */
export function withFixedAttributes(record: SessionRecord): SessionRecord {
  if (record.cookie === undefined) return record;
  const { secure, sameSite } = record.cookie;
  const fixed = {
    ...(secure === 'auto' && { secure: true }),
    ...(sameSite === 'auto' && { sameSite: 'lax' as const }),
  };
  return { ...record, cookie: { ...record.cookie, ...fixed } };
}

/** The facts of a record. */
export function factsOf(record: SessionRecord): RowFacts {
  const { token, previousToken, previousUntil, epoch, version, meta, userId } = record;
  const { createdAt, lastSeenAt, authenticatedAt, ip, userAgent } = record;
  return {
    ...{ token, previousToken, previousUntil, epoch, version, meta, userId },
    ...{ createdAt, lastSeenAt, authenticatedAt, ip, userAgent },
  };
}

/**
 * A row of express-session that keeps only the life of its cookie. For all other attributes the application's present settings
 * apply.
 */
export function withOwnLife(row: Row): Row {
  const { originalMaxAge } = row.cookie;
  if (originalMaxAge === undefined) return { ...row, cookie: {} };
  const isLimited = typeof originalMaxAge === 'number';
  return { ...row, cookie: { originalMaxAge: isLimited ? Math.min(originalMaxAge, LONGEST_LIFE) : null } };
}

/** A new record for a session without facts. Its store has found it alive. */
export function recordOf({ key, token }: Names, { data, cookie }: Row, now: number): SessionRecord {
  return {
    key,
    token,
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version: versionOf(data),
    data,
    meta: JSON.stringify({ cookie }),
    userId: null,
    reference: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + Math.max(cookie.originalMaxAge ?? USUAL_LIFE, 1),
    authenticatedAt: null,
    ip: null,
    userAgent: null,
  };
}

/** A record that cannot be read: the engine refuses it as corrupt. */
export function corruptRecord(names: Names, now: number): SessionRecord {
  return unreadable(recordOf(names, { data: '', cookie: {}, facts: undefined }, now));
}

/** A hash of a text, as the version of data without one. */
export function versionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}

function isFacts(facts: unknown): facts is RowFacts {
  const given = (facts ?? {}) as RowFacts;
  const { token, previousToken, previousUntil, epoch, version } = given;
  const { createdAt, lastSeenAt, authenticatedAt, meta, userId, ip, userAgent } = given;
  return (
    typeof token === 'string' &&
    [epoch, version, createdAt, lastSeenAt].every((number) => Number.isSafeInteger(number)) &&
    [createdAt, lastSeenAt].every((time) => Math.abs(time) <= LATEST) &&
    [previousUntil, authenticatedAt].every((time) => time === null || Number.isSafeInteger(time)) &&
    [previousToken, meta, userId, ip, userAgent].every((text) => text === null || typeof text === 'string')
  );
}
