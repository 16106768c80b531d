import { type SessionRecord, unreadable } from '../../core/session-record.js';

/**
 * How a session stands in Redis: one string of three lines.
 *
 * 1. version, key and previous key, by which scripts tell what they may do;
 * 2. what else is known of the session, as JSON;
 * 3. the application's data as it came (`=`), or as a JSON string where UTF-8 could not hold it (`"`).
 *
 * Where a session is found under another name than its own, a pointer stands there instead: `>` and the name.
 */

type Facts = Omit<SessionRecord, 'key' | 'version' | 'previousKey' | 'data' | 'cookie' | 'due' | 'source'>;

const NAMES = [
  'meta',
  'userId',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
  'authenticatedAt',
  'ip',
  'userAgent',
] as const satisfies readonly (keyof Facts)[];

/** What the first line begins with while the session has this version and this key. */
export function guardOf(key: string, version: number): string {
  return `${version} ${key} `;
}

/** The first two lines. JSON escapes line breaks, NUL and what UTF-8 cannot hold. */
export function headOf(record: SessionRecord): string {
  const facts = JSON.stringify(NAMES.map((name) => record[name]));
  return `${guardOf(record.key, record.version)}${record.previousKey ?? ''}\n${facts}\n`;
}

/** The third line. */
export function bodyOf({ data }: SessionRecord): string {
  return data.isWellFormed() ? `=${data}` : JSON.stringify(data);
}

export function pointerTo(name: string): string {
  return `>${name}`;
}

/** The name that a value points to; undefined where it is no pointer. */
export function targetOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('>') ? value.slice(1) : undefined;
}

/** What stands under a name, as a record, if it is the session with this key or previous key. */
export function recordIn(value: unknown, key: string): SessionRecord | undefined {
  if (typeof value !== 'string' || targetOf(value) !== undefined) return undefined;
  let record: SessionRecord;
  try {
    record = parse(value);
  } catch {
    return foreign(key); // somebody else wrote it: a fresh session and an event, not an error for ever
  }
  return record.key === key || record.previousKey === key ? record : undefined;
}

function parse(value: string): SessionRecord {
  const first = value.indexOf('\n');
  const second = value.indexOf('\n', first + 1);
  if (second < 0) throw new SyntaxError('A stored session has three lines.');
  const [version, key, previousKey] = value.slice(0, first).split(' ');
  if (!key || previousKey === undefined || !/^\d+$/.test(version!))
    throw new SyntaxError('A stored session begins with its version and key.');
  const facts = JSON.parse(value.slice(first + 1, second)) as unknown[];
  const body = value.slice(second + 1);
  const [meta, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent] = facts as [
    Facts['meta'],
    Facts['userId'],
    number,
    number,
    number,
    number | null,
    string | null,
    string | null,
  ];
  return {
    key,
    version: Number(version),
    data: body.startsWith('=') ? body.slice(1) : (JSON.parse(body) as string),
    meta,
    userId,
    createdAt,
    lastSeenAt,
    expiresAt,
    authenticatedAt,
    ip,
    userAgent,
    previousKey: previousKey === '' ? null : previousKey,
  };
}

const NOTHING = {
  version: 0,
  data: '{}',
  meta: null,
  userId: null,
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
  authenticatedAt: null,
  ip: null,
  userAgent: null,
  previousKey: null,
} satisfies Omit<SessionRecord, 'key'>;

function foreign(key: string): SessionRecord {
  return unreadable({ ...NOTHING, key });
}
