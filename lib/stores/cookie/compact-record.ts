import { handleOf, isWellFormedId } from '../../core/session-id.js';
import type { SessionRecord } from '../../core/session-record.js';

/** A session as it stands in its cookie. */
export interface CookieSession {
  readonly id: string;
  readonly record: SessionRecord;
}

/** Times are milliseconds in 6 bytes each: always as long, so that a touch fits wherever the session does. */
const TIME = 6;
const LATEST = 2 ** (8 * TIME) - 1;

/** Where each number stands, and where the text begins. */
const AT = {
  createdAt: 0,
  lastSeenAt: 6,
  expiresAt: 12,
  authenticatedAt: 18,
  version: 24,
  text: 28,
} as const;

/** Parts the texts: none of them holds this character, JSON included. */
const DIVIDER = '\0';

/** A session in as few bytes as can be: 28 of numbers, and the texts as they are. */
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
  bytes.writeUInt32BE(record.version, AT.version);
  bytes.write(text, AT.text, 'utf8');
  return bytes;
}

/** The session that {@link compact} made these bytes of; undefined where it did not. */
export function expand(bytes: Buffer): CookieSession | undefined {
  if (bytes.length < AT.text) return undefined;
  const [id, userId = '', meta = '', data] = bytes.toString('utf8', AT.text).split(DIVIDER);
  if (data === undefined || !isWellFormedId(id)) return undefined;
  const timeAt = (at: number): number => bytes.readUIntBE(at, TIME);
  return {
    id,
    record: {
      key: handleOf(id),
      version: bytes.readUInt32BE(AT.version),
      data,
      meta: meta === '' ? null : meta,
      userId: userId === '' ? null : userId,
      createdAt: timeAt(AT.createdAt),
      lastSeenAt: timeAt(AT.lastSeenAt),
      expiresAt: timeAt(AT.expiresAt),
      authenticatedAt: timeAt(AT.authenticatedAt) || null,
      ip: null,
      userAgent: null,
      previousKey: null,
    },
  };
}
