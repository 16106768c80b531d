import { isWellFormedId, partsOf } from '../../core/record/session-id.js';
import { counterOf, type SessionRecord } from '../../core/record/session-record.js';

/** A session in its cookie. */
export interface CookieSession {
  readonly id: string;
  readonly record: SessionRecord;
}

/** Times are milliseconds in 6 bytes: the length is fixed, so that a touch does not make a session larger. */
const TIME = 6;
const LATEST = 2 ** (8 * TIME) - 1;

/** A version is its counter in 4 bytes, and its mark in 3. */
const MARK = 3;
const MARKS = 2 ** (8 * MARK);

/** The offset of each number, and of the text. */
const AT = {
  createdAt: 0,
  lastSeenAt: 6,
  expiresAt: 12,
  authenticatedAt: 18,
  counter: 24,
  mark: 28,
  epoch: 31,
  text: 35,
} as const;

/** Separates the texts: none of them contains this character, JSON included. */
const DIVIDER = '\0';

/** A session in few bytes: 35 of numbers, and the texts. Its key and token follow from the id. */
export function compact(id: string, record: SessionRecord): Buffer {
  const { userId, meta, data } = record;
  const text = [id, userId ?? '', meta ?? '', data].join(DIVIDER);
  const bytes = Buffer.allocUnsafe(AT.text + Buffer.byteLength(text));
  const putTime = (time: number, at: number): void => {
    bytes.writeUIntBE(Math.min(Math.max(Math.round(time), 0), LATEST), at, TIME);
  };
  putTime(record.createdAt, AT.createdAt);
  putTime(record.lastSeenAt, AT.lastSeenAt);
  putTime(record.expiresAt, AT.expiresAt);
  putTime(record.authenticatedAt ?? 0, AT.authenticatedAt);
  bytes.writeUInt32BE(counterOf(record.version), AT.counter);
  bytes.writeUIntBE(record.version % MARKS, AT.mark, MARK);
  bytes.writeUInt32BE(record.epoch, AT.epoch);
  bytes.write(text, AT.text, 'utf8');
  return bytes;
}

/** The session in bytes of {@link compact}; undefined for any other bytes. */
export function expand(bytes: Buffer): CookieSession | undefined {
  if (bytes.length < AT.text) return undefined;
  const [id, userId = '', meta = '', data] = bytes.toString('utf8', AT.text).split(DIVIDER);
  if (data === undefined || !isWellFormedId(id)) return undefined;
  const timeAt = (at: number): number => bytes.readUIntBE(at, TIME);
  return {
    id,
    record: {
      ...partsOf(id),
      previousToken: null,
      previousUntil: null,
      epoch: bytes.readUInt32BE(AT.epoch),
      version: bytes.readUInt32BE(AT.counter) * MARKS + bytes.readUIntBE(AT.mark, MARK),
      data,
      meta: meta === '' ? null : meta,
      userId: userId === '' ? null : userId,
      reference: null,
      createdAt: timeAt(AT.createdAt),
      lastSeenAt: timeAt(AT.lastSeenAt),
      expiresAt: timeAt(AT.expiresAt),
      authenticatedAt: timeAt(AT.authenticatedAt) || null,
      ip: null,
      userAgent: null,
    },
  };
}
