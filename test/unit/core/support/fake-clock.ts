/** A timer that fires when the test says so. */
interface FakeTimer {
  readonly due: number;
  readonly delay: number;
  readonly callback: () => void;
  held: boolean;
}

/**
 * The clock and the timers of one module under test: put in the place of `node:timers` and `node:perf_hooks`, it makes time
 * pass when the test says so. `setImmediate` stays real: a turn of the event loop is not time.
 */
export class FakeClock {
  now = 0;
  /** How many timers were ever set. */
  timersSet = 0;
  readonly #timers = new Set<FakeTimer>();

  /** What stands in for `node:timers`. */
  readonly timers = {
    setImmediate,
    clearImmediate,
    setTimeout: (callback: () => void, delay = 0): object => this.#set(callback, delay),
    clearTimeout: (handle: unknown): void => void this.#timers.delete(handle as FakeTimer),
  };

  /** What stands in for `node:perf_hooks`. */
  readonly hooks = { performance: { now: (): number => this.now } };

  /** The delays of the timers that are set. */
  get delays(): number[] {
    return [...this.#timers].map(({ delay }) => delay);
  }

  /** How many timers would keep a process alive. */
  get holding(): number {
    return [...this.#timers].filter(({ held }) => held).length;
  }

  /** Begins anew, for the next test. */
  reset(): void {
    this.now = 0;
    this.timersSet = 0;
    this.#timers.clear();
  }

  /** Lets time pass, and what became due happen. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await turns();
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.due);
      this.#timers.delete(next);
      next.callback();
      await turns();
    }
    this.now = end;
  }

  #set(callback: () => void, given: number): object {
    // As in Node: what does not fit into 31 bits becomes one millisecond.
    const delay = given >= 1 && given <= 2 ** 31 - 1 ? given : 1;
    this.timersSet++;
    const timer = { due: this.now + delay, delay, callback, held: true };
    this.#timers.add(timer);
    const handle = Object.assign(timer, {
      ref: () => Object.assign(handle, { held: true }),
      unref: () => Object.assign(handle, { held: false }),
    });
    return handle;
  }
}

/** Lets everything that is ready run, without waiting for time to pass. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
