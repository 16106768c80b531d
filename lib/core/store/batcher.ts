import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { LONGEST_DELAY } from '../record/time-limit.js';

/** How a {@link Batcher} works. */
export interface BatcherOptions<Item, Answer> {
  /** Does the work for many items at once; answers come in the order of the items: for one that failed alone, its error. */
  run(items: readonly Item[]): Promise<readonly (Answer | Error)[]>;
  /** What an item is about. No batch has two items about the same key. */
  keyOf(item: Item): string;
  /** Whether two items about the same key may share one answer (reads), or must go one after the other (writes). */
  readonly shareSameKey: boolean;
  /** Milliseconds after which an item fails, waiting included. */
  readonly timeout: number;
  /** Whether items share calls; if not, each has a call of its own, and any number of calls are under way at once. */
  readonly together: boolean;
  /** How many shared calls are under way at once: while some are on their way back the next is under way, and the rest gathers. */
  readonly maxFlights: number;
  /** What an item that failed alone is rejected with. */
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
  flight: Flight | undefined;
}

interface Flight {
  landed: boolean;
  readonly keys: readonly string[];
}

/** More than this in one statement gains nothing and lets one slow batch hold up everybody. */
const MAX_BATCH = 256;

/**
 * Lets calls that are made at the same time share round trips. What arrives in one turn of the event loop leaves
 * together when the turn ends; with `maxFlights` batches under way, the next leaves as soon as one is back.
 * There is no timer a lone call would wait for.
 */
export class Batcher<Item, Answer> {
  readonly #options: BatcherOptions<Item, Answer>;
  readonly #maxBatch: number;
  readonly #maxFlights: number;
  /** Everything not yet answered, oldest first. */
  readonly #open = new Set<Job<Item, Answer>>();
  /** The keys under way. */
  readonly #busy = new Set<string>();
  #queue: Job<Item, Answer>[] = [];
  #flights = 0;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<Item, Answer>) {
    this.#options = options;
    this.#maxBatch = options.together ? MAX_BATCH : 1;
    this.#maxFlights = options.together ? options.maxFlights : Infinity;
  }

  /** Has `item` done with whatever else is asked for at this time. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#options.timeout;
      const job = { item, key: this.#options.keyOf(item), deadline, resolve, reject, flight: undefined };
      this.#open.add(job);
      this.#queue.push(job);
      this.#timer ??= this.#watch(this.#options.timeout);
      this.#schedule();
    });
  }

  #schedule(): void {
    // Nothing is gained by waiting for others where every item has a call of its own.
    if (!this.#options.together) {
      while (this.#depart());
      return;
    }
    if (this.#scheduled || this.#queue.length === 0 || this.#flights >= this.#maxFlights) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#flights < this.#maxFlights && this.#depart());
    });
  }

  /** Sends off what may go; false when there is nothing, or what there is waits for a write of the same key. */
  #depart(): boolean {
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
    if (batch.size > 0) void this.#fly([...batch.values()]);
    return batch.size > 0;
  }

  async #fly(jobs: readonly Job<Item, Answer>[][]): Promise<void> {
    const flight: Flight = { landed: false, keys: jobs.map((same) => same[0]!.key) };
    this.#flights++;
    for (const key of flight.keys) this.#busy.add(key);
    for (const same of jobs) for (const job of same) job.flight = flight;
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
    this.#land(flight);
  }

  /** A flight whose items have timed out gives its place away, so that a call that never returns stops nobody else. */
  #land(flight: Flight): void {
    if (flight.landed) return;
    flight.landed = true;
    this.#flights--;
    for (const key of flight.keys) this.#busy.delete(key);
    this.#schedule();
  }

  /** Whether a job was still waiting for its answer. */
  #close(job: Job<Item, Answer>): boolean {
    if (!this.#open.delete(job)) return false;
    if (this.#open.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    return true;
  }

  /** One timer serves all items: they have the same time limit, so the oldest is always the first to run out. */
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
          if (job.flight) this.#land(job.flight);
        }
        this.#timer = undefined;
        this.#schedule();
      },
      Math.min(delay, LONGEST_DELAY),
    ).unref();
  }
}
