import { clearTimeout, setTimeout } from 'node:timers';
import type { SessionRecord } from './session-record.js';

/** What the previous writer of the same session left for the next: the record as stored now, or `'gone'`. */
export interface Turn {
  latest: SessionRecord | 'gone' | undefined;
}

/** Something that happens once; a promise is made of it only when somebody waits. */
class Moment {
  #isPast = false;
  #waiting: (() => void)[] | undefined;

  happen(): void {
    this.#isPast = true;
    for (const resolve of this.#waiting ?? []) resolve();
  }

  wait(): Promise<void> {
    if (this.#isPast) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }
}

/** One writer's place in a line. */
interface Place {
  readonly begun: Moment;
  readonly done: Moment;
}

interface Line {
  readonly turn: Turn;
  writers: number;
  last: Place | undefined;
}

/**
 * Milliseconds a writer waits for the one before it to finish, from when that one began. Waiting only saves conflicts,
 * the store's version check decides who wins; so one that is slow, or that waits for a writer behind it, is passed, and
 * a line that moves is waited in for as long as it takes.
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
    const place = (line.last = { begun: new Moment(), done: new Moment() });
    line.writers++;
    try {
      if (before !== undefined) await patiently(before);
      place.begun.happen();
      return await work(line.turn);
    } finally {
      place.done.happen();
      if (--line.writers === 0) this.#lines.delete(key);
    }
  }
}

async function patiently({ begun, done }: Place): Promise<void> {
  await begun.wait();
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
  await Promise.race([done.wait(), enough]);
  clearTimeout(timer);
}
