import { type SessionRecord, unreadable } from '../../core/record/session-record.js';

/**
 * A session is one string in Redis, of four lines. Scripts read the first two, and of the third only the time of creation.
 *
 * 1. its last versions, the current one first;
 * 2. its owner as JSON: the user or `null`, or user and reference as an array if it has a reference;
 * 3. the other fields as a JSON array;
 * 4. the application's data as it is (`=`), or as a JSON string if it is not well-formed Unicode (`"`).
 *
 * Script and store write the first line together, see `redis-scripts.ts`. While a Cluster creates or ends a session in
 * several steps, a hold stands in its place: `!` and a unique text.
 */

/** What a hold begins with. */
export const HOLD = '!';

/** What the indexes follow from. */
export type Owner = Pick<SessionRecord, 'userId' | 'reference'>;

type Facts = Omit<
  SessionRecord,
  'key' | 'version' | keyof Owner | 'data' | 'id' | 'cookie' | 'due' | 'source'
>;

const FACTS = [
  'token',
  'previousToken',
  'previousUntil',
  'epoch',
  'meta',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
  'authenticatedAt',
  'ip',
  'userAgent',
] as const satisfies readonly (keyof Facts)[];

/** The values of {@link FACTS}. */
type StoredFacts = readonly [
  token: string,
  previousToken: string | null,
  previousUntil: number | null,
  epoch: number,
  meta: string | null,
  createdAt: number,
  lastSeenAt: number,
  expiresAt: number,
  authenticatedAt: number | null,
  ip: string | null,
  userAgent: string | null,
];

/** Which of the fields in the third line the time of creation is, counted from one as scripts do. */
export const CREATED_AT = FACTS.indexOf('createdAt') + 1;

/** The second line, without its line break. JSON escapes line breaks, NUL and what is not well-formed Unicode. */
export function ownerLine({ userId, reference }: Owner): string {
  return JSON.stringify(reference === null ? userId : [userId, reference]);
}

/** The owner that a second line names. */
export function ownerIn(ownerLine: string): Owner {
  try {
    const owner: unknown = JSON.parse(ownerLine);
    const parts: readonly unknown[] = Array.isArray(owner) ? owner : [owner];
    return { userId: textOrNull(parts[0]), reference: textOrNull(parts[1]) };
  } catch {
    return { userId: null, reference: null }; // not written by this store
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The second and the third line. */
export function headOf(record: SessionRecord): string {
  return `${ownerLine(record)}\n${JSON.stringify(FACTS.map((name) => record[name]))}\n`;
}

/** The fourth line. */
export function bodyOf({ data }: SessionRecord): string {
  return data.isWellFormed() ? `=${data}` : JSON.stringify(data);
}

/** The session with this key, made of what stands in its place; undefined if that is no session. */
export function recordIn(value: unknown, key: string): SessionRecord | undefined {
  if (typeof value !== 'string' || value.startsWith(HOLD)) return undefined;
  try {
    return parse(value, key);
  } catch {
    return unreadable({ ...NOTHING, key }); // not written by this store: corrupt, and not an error of the store
  }
}

function parse(value: string, key: string): SessionRecord {
  const [second, third, fourth] = lineStarts(value);
  const version = /^\d+/.exec(value.slice(0, second))?.[0];
  const facts = JSON.parse(value.slice(third, fourth)) as StoredFacts;
  if (version === undefined || facts.length !== FACTS.length) throw malformed();
  const [
    token,
    previousToken,
    previousUntil,
    epoch,
    meta,
    createdAt,
    lastSeenAt,
    expiresAt,
    authenticatedAt,
    ip,
    userAgent,
  ] = facts;
  const owner = JSON.parse(value.slice(second, third)) as string | null | readonly [string | null, string];
  const isPair = typeof owner === 'object' && owner !== null;
  return {
    key,
    token,
    previousToken,
    previousUntil,
    epoch,
    version: Number(version),
    data: value[fourth] === '=' ? value.slice(fourth + 1) : (JSON.parse(value.slice(fourth)) as string),
    meta,
    userId: isPair ? owner[0] : owner,
    reference: isPair ? owner[1] : null,
    createdAt,
    lastSeenAt,
    expiresAt,
    authenticatedAt,
    ip,
    userAgent,
  };
}

/** Where the second, the third and the fourth line begin. */
function lineStarts(value: string): [number, number, number] {
  const second = value.indexOf('\n') + 1;
  const third = value.indexOf('\n', second) + 1;
  const fourth = value.indexOf('\n', third) + 1;
  if (second === 0 || third === 0 || fourth === 0) throw malformed();
  return [second, third, fourth];
}

function malformed(): SyntaxError {
  return new SyntaxError('A stored session has four lines.');
}

const NOTHING = {
  token: '',
  previousToken: null,
  previousUntil: null,
  epoch: 0,
  version: 0,
  data: '{}',
  meta: null,
  userId: null,
  reference: null,
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
  authenticatedAt: null,
  ip: null,
  userAgent: null,
} satisfies Omit<SessionRecord, 'key'>;
