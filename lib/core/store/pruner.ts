import { clearTimeout, setTimeout } from 'node:timers';
import { LONGEST_DELAY } from '../record/time-limit.js';
import type { PrunableSessionStore } from './session-store.js';

/** Rows a statement removes: few enough that it never holds locks for long. */
const BATCH = 500;

/** Milliseconds between two batches, so that the application's own statements go in between. */
const PAUSE = 25;

const DEFAULT_INTERVAL = 10 * 60 * 1000;

/**
 * Removes expired sessions in small batches, at intervals jittered by half so that instances do not do it in step.
 * Does not hold the process open.
 */
export class Pruner {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** How many callers wait for the end: as long as there are any, the process is held. */
  #awaited = 0;
  #running: Promise<number> | undefined;
  #pause: { readonly timer: NodeJS.Timeout; readonly end: () => void } | undefined;

  constructor(
    private readonly store: PrunableSessionStore,
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Begins to prune at intervals, where the store wants that. */
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

  /** Removes what has expired; returns how many sessions that were. A call during another one shares its result. */
  prune(): Promise<number> {
    this.#awaited++;
    this.#pause?.timer.ref();
    return this.#begin().finally(() => this.#awaited--);
  }

  /** Ends it: the batch under way is the last. */
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
