import { clearTimeout, setTimeout } from 'node:timers';
import type { SessionRecord } from './session-record.js';

/** What the previous writer of the same session left for the next: the record as stored now, or `'gone'`. */
export interface Turn {
  latest: SessionRecord | 'gone' | undefined;
}

interface Line {
  readonly turn: Turn;
  waiting: number;
  tail: Promise<void>;
}

/**
 * Milliseconds a writer waits for those before it. Waiting only saves conflicts, the store's version check decides
 * who wins; so a slow writer delays the others by this much at most, and a writer that waits for itself is not stuck.
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
    const before = line?.tail;
    if (line === undefined) {
      line = { turn: { latest: undefined }, waiting: 0, tail: Promise.resolve() };
      this.#lines.set(key, line);
    }
    let leave!: () => void;
    line.waiting++;
    line.tail = new Promise<void>((resolve) => (leave = resolve));
    try {
      if (before !== undefined) await patiently(before);
      return await work(line.turn);
    } finally {
      leave();
      if (--line.waiting === 0) this.#lines.delete(key);
    }
  }
}

async function patiently(before: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
  await Promise.race([before, enough]);
  clearTimeout(timer);
}
