import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import type { RedisConnection } from './redis-client.js';
import type { RedisNames } from './redis-names.js';
import { INDEX_MARGIN, runScript } from './redis-scripts.js';
import { bodyOf, guardOf, headOf, recordIn, targetOf } from './stored-session.js';

/** How sessions lie in one kind of Redis: what a single server can do at once, a Cluster does in steps. */
export interface SessionLayout {
  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]>;
  create(record: SessionRecord): Promise<boolean>;
  update(change: SessionChange): Promise<boolean>;
}

/** The values under names, in their order; anything but text where there is none. */
export type ReadValues = (names: readonly string[]) => Promise<readonly unknown[]>;

/** The sessions under names, and where pointers of these lead to. */
export async function readThrough(
  values: ReadValues,
  names: readonly string[],
  keys: readonly string[],
): Promise<{ records: (SessionRecord | undefined)[]; places: (string | undefined)[] }> {
  const near = await values(names);
  const places = near.map(targetOf);
  const pointed = places.filter((place) => place !== undefined);
  const far = pointed.length === 0 ? [] : await values(pointed);
  const behind = new Map(pointed.map((place, index) => [place, far[index]]));
  const records = keys.map((key, index) => {
    const place = places[index];
    return recordIn(place === undefined ? near[index] : behind.get(place), key);
  });
  return { records, places };
}

/** What one run of the script `write` is about. */
export interface Write {
  /** The change to make; without one, `next` is added. */
  readonly change?: SessionChange;
  readonly next: SessionRecord;
  /** Where the session stands, where it goes, and where its previous key finds it, if anywhere. */
  readonly from: string;
  readonly to: string;
  readonly previous?: string | undefined;
  /** The indexes that it is filed in, and those that its former key was in. */
  readonly indexes?: readonly string[];
  readonly left?: readonly string[];
  /** The pointer that may stand where the session is to stand; '*' for any. */
  readonly ignored: string;
}

/** Runs the script `write`. */
export function write(
  connection: RedisConnection,
  { change, next, from, to, ...rest }: Write,
): Promise<unknown> {
  const { previous = to, indexes = [], left = [], ignored } = rest;
  const isTouch = change?.version === next.version;
  const { member, score, ttl, cutoff } = filing(next);
  return runScript(
    connection,
    'write',
    [from, to, previous, ...indexes, ...left],
    [
      change === undefined ? '' : guardOf(change.key, change.version),
      headOf(next),
      isTouch ? '' : bodyOf(next),
      ttl,
      to,
      String(indexes.length),
      member,
      score,
      cutoff,
      change?.key ?? member,
      'CH', // the default: one server sees all writes in one order, so that the last one is right
      ignored,
    ],
  );
}

/** What an index is told of a session. */
export function filing({ key, expiresAt, lastSeenAt }: SessionRecord): {
  readonly member: string;
  readonly score: string;
  readonly ttl: string;
  readonly cutoff: string;
} {
  return {
    member: key,
    score: String(expiresAt),
    ttl: lifeOf({ expiresAt, lastSeenAt }),
    cutoff: String(lastSeenAt - INDEX_MARGIN),
  };
}

/** Milliseconds that any write lives: a time that is odd costs no session, and what is over is refused by its `expiresAt`. */
const SHORTEST_LIFE = 60_000;

/**
 * How long Redis keeps a session, in milliseconds from now on. Counted by the server from the moment of the write: no clock of
 * an instance is compared with the server's, so that none that is wrong ends a session early.
 */
export function lifeOf({ expiresAt, lastSeenAt }: Pick<SessionRecord, 'expiresAt' | 'lastSeenAt'>): string {
  return String(Math.max(SHORTEST_LIFE, Math.ceil(expiresAt - lastSeenAt)));
}

/** The indexes that a session belongs in. */
export function indexesOf(
  names: RedisNames,
  { key, userId }: Pick<SessionRecord, 'key' | 'userId'>,
): string[] {
  return userId === null ? [names.part(key)] : [names.part(key), names.user(userId)];
}

/**
 * Takes a key out of indexes. What fails here does no harm: readers pass over entries without a session, and these
 * expire like the session would have.
 */
export async function unfile(
  connection: RedisConnection,
  indexes: readonly string[],
  key: string,
): Promise<void> {
  await Promise.allSettled(indexes.map((index) => connection.send(index, ['ZREM', index, key])));
}
