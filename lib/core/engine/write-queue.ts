import type { SessionRecord } from '../record/session-record.js';
import { comesWithin } from '../record/time-limit.js';
import { QueueEntry } from '../request/queue-entry.js';

/** What the previous writer of the same session left for the next: the record as stored now, or `'gone'`. */
export interface Turn {
  latest: SessionRecord | 'gone' | undefined;
}

interface Queue {
  readonly turn: Turn;
  writers: number;
  last: QueueEntry | undefined;
}

/**
 * Milliseconds that a writer waits for the one before it to finish, from when that one began. Waiting only saves conflicts:
 * the store's version check decides who wins. So a slow writer is overtaken.
 */
const MAX_WAIT = 1_000;

/**
 * Lets the writers of one session within this process go one after the other and hand on what they wrote, so that
 * a hundred increments at once cost a hundred writes and not a hundred conflicts.
 */
export class WriteQueue {
  readonly #queues = new Map<string, Queue>();

  /** Runs `work` after the writers of `key` that came before. */
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
