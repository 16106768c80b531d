import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { LONGEST_DELAY } from '../record/time-limit.js';

/** Options of a {@link Batcher}. */
export interface BatcherOptions<Item, Answer> {
  /** Does the work for many items at once. Results have the order of the items; the result of a single failed item is its error. */
  run(items: readonly Item[]): Promise<readonly (Answer | Error)[]>;
  /** The key of an item. No batch has two items with the same key. */
  keyOf(item: Item): string;
  /** Whether two items with the same key may share one answer (reads), or must go one after the other (writes). */
  readonly shareSameKey: boolean;
  /** Milliseconds after which an item fails, including its time in the queue. */
  readonly timeout: number;
  /** Whether items share calls. If not, each item has its own call, and any number of calls run at the same time. */
  readonly together: boolean;
  /** How many shared calls run at once. Further items gather for the next call. */
  readonly maxInFlight: number;
  /** The error of a single failed item. */
  errorOf(error: Error, item: Item): Error;
  /** The error of an item that timed out. */
  onTimeout(): Error;
}

interface Job<Item, Answer> {
  readonly item: Item;
  readonly key: string;
  readonly deadline: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  sentBatch: SentBatch | undefined;
}

interface SentBatch {
  isFinished: boolean;
  readonly keys: readonly string[];
}

/** The most items of one call. A larger statement has no advantage, and delays all items if it is slow. */
const MAX_BATCH = 256;

/**
 * Lets concurrent calls share round trips. Items that arrive in one turn of the event loop are sent together at its end. If
 * `maxInFlight` batches are under way, the next is sent as soon as one is answered. No timer delays a lone call.
 */
export class Batcher<Item, Answer> {
  readonly #options: BatcherOptions<Item, Answer>;
  readonly #maxBatch: number;
  readonly #maxInFlight: number;
  /** The items without an answer, oldest first. */
  readonly #open = new Set<Job<Item, Answer>>();
  /** The keys of the batches under way. */
  readonly #busy = new Set<string>();
  #queue: Job<Item, Answer>[] = [];
  #inFlight = 0;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<Item, Answer>) {
    this.#options = options;
    this.#maxBatch = options.together ? MAX_BATCH : 1;
    this.#maxInFlight = options.together ? options.maxInFlight : Infinity;
  }

  /** Adds an item, and returns its answer. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#options.timeout;
      const job = { item, key: this.#options.keyOf(item), deadline, resolve, reject, sentBatch: undefined };
      this.#open.add(job);
      this.#queue.push(job);
      this.#timer ??= this.#watch(this.#options.timeout);
      this.#schedule();
    });
  }

  #schedule(): void {
    // Items with their own call need not wait for others.
    if (!this.#options.together) {
      while (this.#sendNext());
      return;
    }
    if (this.#scheduled || this.#queue.length === 0 || this.#inFlight >= this.#maxInFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#inFlight < this.#maxInFlight && this.#sendNext());
    });
  }

  /** Sends the next batch. Returns false if there is none, or all items wait for a write of the same key. */
  #sendNext(): boolean {
    const batch = new Map<string, Job<Item, Answer>[]>();
    const later: Job<Item, Answer>[] = [];
    for (const job of this.#queue) {
      if (!this.#open.has(job)) continue;
      const same = batch.get(job.key);
      const { shareSameKey } = this.#options;
      if (same !== undefined && shareSameKey) same.push(job);
      else if (
        same !== undefined ||
        batch.size >= this.#maxBatch ||
        (!shareSameKey && this.#busy.has(job.key))
      ) {
        later.push(job);
      } else batch.set(job.key, [job]);
    }
    this.#queue = later;
    if (batch.size > 0) void this.#send([...batch.values()]);
    return batch.size > 0;
  }

  async #send(jobs: readonly Job<Item, Answer>[][]): Promise<void> {
    const sentBatch: SentBatch = { isFinished: false, keys: jobs.map((same) => same[0]!.key) };
    this.#inFlight++;
    for (const key of sentBatch.keys) this.#busy.add(key);
    for (const same of jobs) for (const job of same) job.sentBatch = sentBatch;
    try {
      const answers = await this.#options.run(jobs.map((same) => same[0]!.item));
      jobs.forEach((same, index) => {
        const answer = answers[index] as Answer | Error;
        for (const job of same) {
          if (!this.#close(job)) continue;
          if (answer instanceof Error) job.reject(this.#options.errorOf(answer, job.item));
          else job.resolve(answer);
        }
      });
    } catch (error) {
      for (const same of jobs) for (const job of same) if (this.#close(job)) job.reject(error);
    }
    this.#finish(sentBatch);
  }

  /** Frees the place of a batch, also when its items have timed out, so that a call that never returns does not block others. */
  #finish(sentBatch: SentBatch): void {
    if (sentBatch.isFinished) return;
    sentBatch.isFinished = true;
    this.#inFlight--;
    for (const key of sentBatch.keys) this.#busy.delete(key);
    this.#schedule();
  }

  /** Removes a job. Returns whether it was still waiting for its answer. */
  #close(job: Job<Item, Answer>): boolean {
    if (!this.#open.delete(job)) return false;
    if (this.#open.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    return true;
  }

  /** One timer serves all items: they have the same time limit, so that the oldest is the first to time out. */
  #watch(delay: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        const now = performance.now();
        let late: Error | undefined;
        for (const job of this.#open) {
          if (job.deadline > now) {
            this.#timer = this.#watch(job.deadline - now);
            return;
          }
          const error = (late ??= this.#options.onTimeout());
          if (this.#close(job)) job.reject(error);
          if (job.sentBatch) this.#finish(job.sentBatch);
        }
        this.#timer = undefined;
        this.#schedule();
      },
      Math.min(delay, LONGEST_DELAY),
    ).unref();
  }
}
