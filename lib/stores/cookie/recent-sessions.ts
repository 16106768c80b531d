import { BoundedMap } from '../../core/record/bounded-map.js';
import type { SessionRecord } from '../../core/record/session-record.js';

/** Milliseconds for which a session is remembered. */
const AGE = 5 * 60_000;

const MOST_SESSIONS = 10_000;

/** Characters of text that all sessions may have together, so that large ones cannot fill the memory: some 16 MB. */
const MOST_TEXT = 2 ** 24;

/** The newest record of a session, or that it ended. */
type Memory = SessionRecord | 'ended';

/**
 * The sessions that were written or ended recently: within five minutes, at most 10,000 sessions and 16 million
 * characters. Beyond that the oldest are forgotten first.
 */
export class RecentSessions {
  readonly #sessions: BoundedMap<Memory>;

  /** @param now - The time in milliseconds. */
  constructor(now: () => number) {
    this.#sessions = new BoundedMap({ entries: MOST_SESSIONS, size: MOST_TEXT, sizeOf, age: AGE, now });
  }

  /** The newest record of a session, or that it ended; undefined if neither is known. */
  get(key: string): SessionRecord | 'ended' | undefined {
    const memory = this.#sessions.get(key);
    // A copy: a codec keeps the seal of a record as long as the record object exists.
    return typeof memory === 'object' ? { ...memory } : memory;
  }

  /** Remembers a record as the newest of its session. */
  add(record: SessionRecord): void {
    // A deep copy: text that was cut out of a cookie would keep the whole cookie in memory.
    this.#sessions.set(record.key, structuredClone(record));
  }

  /** Remembers that a session ended. */
  end(key: string): void {
    this.#sessions.set(key, 'ended');
  }
}

function sizeOf(key: string, state: Memory): number {
  if (state === 'ended') return key.length;
  const { token, userId, meta, data } = state;
  return key.length + token.length + (userId?.length ?? 0) + (meta?.length ?? 0) + data.length;
}
