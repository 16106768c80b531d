import { clearTimeout, setTimeout } from 'node:timers';
import { LONGEST_DELAY } from '../record/time-limit.js';
import type { PrunableSessionStore } from './session-store.js';

/** Rows that one statement removes: few enough to hold no lock for long. */
const BATCH = 500;

/** Milliseconds between two batches, for the application's own statements. */
const PAUSE = 25;

const DEFAULT_INTERVAL = 10 * 60 * 1000;

/**
 * Removes expired sessions in small batches. The intervals are jittered by half, so that instances do not prune in step. Its
 * timers do not keep the process alive.
 */
export class Pruner {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** The number of callers that wait; as long as there are any, the process is kept alive. */
  #awaited = 0;
  #running: Promise<number> | undefined;
  #pause: { readonly timer: NodeJS.Timeout; readonly end: () => void } | undefined;

  constructor(
    private readonly store: PrunableSessionStore,
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Starts pruning at intervals, unless the store wants none. */
  start(): void {
    const interval = this.store.pruneInterval ?? DEFAULT_INTERVAL;
    if (interval === false || this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#begin().then(
          () => this.start(),
          (error: unknown) => {
            this.onError(error);
            this.start();
          },
        );
      },
      Math.min(interval * (0.5 + Math.random()), LONGEST_DELAY),
    ).unref();
  }

  /** Removes expired sessions and returns their number. A call during another one shares its result. */
  prune(): Promise<number> {
    this.#awaited++;
    this.#pause?.timer.ref();
    return this.#begin().finally(() => this.#awaited--);
  }

  /** Stops after the present batch. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#pause?.end();
    await Promise.allSettled([this.#running]);
  }

  #begin(): Promise<number> {
    return (this.#running ??= this.#pruneAll().finally(() => (this.#running = undefined)));
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pause = undefined;
        resolve();
      };
      const timer = setTimeout(end, PAUSE);
      if (this.#awaited === 0) timer.unref();
      this.#pause = { timer, end };
    });
  }

  async #pruneAll(): Promise<number> {
    let total = 0;
    for (;;) {
      const removed = await this.store.prune(this.now(), BATCH);
      total += removed;
      if (removed < BATCH || this.#stopped) return total;
      await this.#rest();
      if (this.#stopped) return total;
    }
  }
}
