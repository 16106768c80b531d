import { createHash } from 'node:crypto';
import type { CookieSnapshot } from '../../core/record/session-cookie.js';
import { type SessionRecord, unreadable } from '../../core/record/session-record.js';
import { parseObject } from '../../core/record/session-text.js';
import type { StoredSession } from './express-session-store.js';

/** What a record holds that express-session has no place for. What follows from the place of its row is not among it. */
export type RowFacts = Omit<SessionRecord, 'key' | 'data' | 'expiresAt' | 'id' | 'cookie' | 'due' | 'source'>;

/** What follows from the place of a row. */
export type Names = Pick<SessionRecord, 'key' | 'token'>;

/** A row of an express-session store, taken apart. */
export interface Row {
  /** The application's data, as the text of a JSON object. */
  readonly data: string;
  readonly cookie: Partial<CookieSnapshot> & { readonly expires?: string | null };
  /** What this package put into the row; undefined where express-session was the last to write it. */
  readonly facts: RowFacts | undefined;
}

/** Where the facts stand in a row's cookie: express-session passes over what it does not know there. */
const FACTS = 'nestSession';

/** A day in milliseconds: how long most stores keep a session whose cookie ends with the browser. */
const USUAL_LIFE = 24 * 60 * 60 * 1000;

/** A hundred years in milliseconds: the longest life that is taken over, and well within what a date can hold. */
const LONGEST_LIFE = 100 * 365.25 * USUAL_LIFE;

/** The end of the year 9999: no session was seen later. */
const LATEST = 253_402_300_799_999;

/** Takes a session of a store apart; undefined where it is none that express-session could have stored. */
export function readRow(session: unknown): Row | undefined {
  try {
    const { cookie, ...data } = session as Record<string, unknown>;
    // Some stores hand out objects of their own; their JSON is what counts.
    const { [FACTS]: facts, ...settings } = parseObject(JSON.stringify(cookie));
    if (facts !== undefined && !isFacts(facts)) return undefined;
    return { data: JSON.stringify(data), cookie: settings, facts };
  } catch {
    return undefined; // it is no object with a cookie, or nothing that JSON can hold
  }
}

/** A row's cookie as stores look at it: some at `expires`, some at `maxAge`, most at its JSON. */
class RowCookie {
  declare readonly expires: Date | null;
  declare readonly originalMaxAge: number | null;

  constructor(settings: object) {
    Object.assign(this, settings);
  }

  get maxAge(): number | null {
    return this.expires && this.expires.getTime() - Date.now();
  }

  /** As `expires`, for stores that look here. */
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

/** A record as express-session would store it, with its facts where they are to be kept. */
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
 * A record whose cookie has no attribute that is decided by the connection: express-session takes a row's attributes as
 * they are, so it gets those that are safe over any.
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
 * A row of express-session with its life as its own: how long it lasts, or that it ends with the browser. For all other
 * attributes the application's settings of today hold.
 */
export function withOwnLife(row: Row): Row {
  const { originalMaxAge } = row.cookie;
  if (originalMaxAge === undefined) return { ...row, cookie: {} };
  const isLimited = typeof originalMaxAge === 'number';
  return { ...row, cookie: { originalMaxAge: isLimited ? Math.min(originalMaxAge, LONGEST_LIFE) : null } };
}

/** A session without facts, as a record that is seen for the first time. That it is alive is its store's word. */
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
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + Math.max(cookie.originalMaxAge ?? USUAL_LIFE, 1),
    authenticatedAt: null,
    ip: null,
    userAgent: null,
  };
}

/** A record that nobody can make sense of: the engine refuses it as corrupt. */
export function corruptRecord(names: Names, now: number): SessionRecord {
  return unreadable(recordOf(names, { data: '', cookie: {}, facts: undefined }, now));
}

/** A number that stands for a text: the version of data that came without one. */
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
