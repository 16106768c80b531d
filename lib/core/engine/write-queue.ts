import type { SessionRecord } from '../record/session-record.js';
import { comesWithin } from '../record/time-limit.js';
import { QueueEntry } from '../request/queue-entry.js';

/** What a writer hands over to the next writer of the session: the record as stored now, or `'gone'`. */
export interface Turn {
  latest: SessionRecord | 'gone' | undefined;
}

interface Queue {
  readonly turn: Turn;
  writers: number;
  last: QueueEntry | undefined;
}

/**
 * Milliseconds that a writer waits for the one before it, from the start of that one. Then it overtakes. Waiting only avoids
 * conflicts: the version check of the store decides who wins.
 */
const MAX_WAIT = 1_000;

/**
 * Runs the writers of one session in this process one after the other. Each hands over what it wrote, so that a hundred
 * increments at once cost a hundred writes and not a hundred conflicts.
 */
export class WriteQueue {
  readonly #queues = new Map<string, Queue>();

  /** Whether somebody writes under `key`. */
  isBusy(key: string): boolean {
    return this.#queues.has(key);
  }

  /** Runs `work` after the earlier writers of `key`. */
  async run<T>(key: string, work: (turn: Turn) => Promise<T>): Promise<T> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { turn: { latest: undefined }, writers: 0, last: undefined };
      this.#queues.set(key, queue);
    }
    const before = queue.last;
    const entry = (queue.last = new QueueEntry());
    queue.writers++;
    try {
      if (before !== undefined) {
        await before.started.wait();
        await comesWithin(MAX_WAIT, before.done.wait());
      }
      entry.started.open();
      return await work(queue.turn);
    } finally {
      entry.done.open();
      if (--queue.writers === 0) this.#queues.delete(key);
    }
  }
}
