import type { SessionRecord } from '../record/session-record.js';
import { comesWithin } from '../record/time-limit.js';
import { Place } from '../request/line.js';

/** What the previous writer of the same session left for the next: the record as stored now, or `'gone'`. */
export interface Turn {
  latest: SessionRecord | 'gone' | undefined;
}

interface Line {
  readonly turn: Turn;
  writers: number;
  last: Place | undefined;
}

/**
 * Milliseconds that a writer waits for the one before it to finish, from when that one began. Waiting only saves conflicts:
 * the store's version check decides who wins. So a slow writer is overtaken.
 */
const PATIENCE = 1_000;

/**
 * Lets the writers of one session within this process go one after the other and hand on what they wrote, so that
 * a hundred increments at once cost a hundred writes and not a hundred conflicts.
 */
export class WriteTurns {
  readonly #lines = new Map<string, Line>();

  /** Runs `work` after the writers of `key` that came before. */
  async take<T>(key: string, work: (turn: Turn) => Promise<T>): Promise<T> {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { turn: { latest: undefined }, writers: 0, last: undefined };
      this.#lines.set(key, line);
    }
    const before = line.last;
    const place = (line.last = new Place());
    line.writers++;
    try {
      if (before !== undefined) {
        await before.begun.wait();
        await comesWithin(PATIENCE, before.done.wait());
      }
      place.begun.happen();
      return await work(line.turn);
    } finally {
      place.done.happen();
      if (--line.writers === 0) this.#lines.delete(key);
    }
  }
}
