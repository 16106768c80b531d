import type { SessionRecord } from '../../core/record/session-record.js';

/** How long a session is remembered, in milliseconds. */
const MEMORY = 5 * 60_000;

/** How many sessions are remembered. */
const MOST_SESSIONS = 10_000;

/** How many characters of text they may have in all, so that large sessions cannot fill the memory: some 16 MB. */
const MOST_TEXT = 2 ** 24;

/** What is remembered of a session. */
interface Memory {
  /** Its newest record, or that it ended. */
  readonly state: SessionRecord | 'ended';
  /** When it was last written or ended. */
  readonly at: number;
  /** Characters of text. */
  readonly size: number;
}

/**
 * The sessions that were written or ended a short while ago: five minutes, at most 10,000 sessions and 16 million
 * characters. Beyond that the oldest are forgotten first.
 */
export class RecentSessions {
  /** Oldest first. */
  readonly #sessions = new Map<string, Memory>();
  readonly #now: () => number;
  #size = 0;

  /** @param now - The time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest record of a session, or that it ended; undefined where neither is known. */
  get(key: string): SessionRecord | 'ended' | undefined {
    const memory = this.#sessions.get(key);
    if (memory === undefined || this.#isOver(memory)) return undefined;
    const { state } = memory;
    // A copy: a codec keeps the seal of a record as long as there is that record.
    return state === 'ended' ? state : { ...state };
  }

  /** Remembers a record as the newest of its session. */
  add(record: SessionRecord): void {
    // A deep copy: text that was cut out of a cookie would hold on to the whole of it.
    this.#put(record.key, structuredClone(record));
  }

  /** Remembers that a session ended. */
  end(key: string): void {
    this.#put(key, 'ended');
  }

  #put(key: string, state: Memory['state']): void {
    this.#forget(key);
    const memory = { state, at: this.#now(), size: sizeOf(key, state) };
    this.#sessions.set(key, memory);
    this.#size += memory.size;
    for (const [oldest, old] of this.#sessions) {
      const fits = this.#sessions.size <= MOST_SESSIONS && this.#size <= MOST_TEXT;
      if (fits && !this.#isOver(old)) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#size -= this.#sessions.get(key)?.size ?? 0;
    this.#sessions.delete(key);
  }

  #isOver({ at }: Memory): boolean {
    return this.#now() - at >= MEMORY;
  }
}

function sizeOf(key: string, state: Memory['state']): number {
  if (state === 'ended') return key.length;
  const { token, userId, meta, data } = state;
  return key.length + token.length + (userId?.length ?? 0) + (meta?.length ?? 0) + data.length;
}
