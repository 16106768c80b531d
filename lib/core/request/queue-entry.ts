/** An event that happens once. It creates a promise only if there is a waiter. */
export class Latch {
  #isOpen = false;
  #waiting: (() => void)[] | undefined;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    for (const resolve of this.#waiting ?? []) resolve();
  }

  wait(): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }
}

/** Work in a queue, which starts when the work before it is done. */
export class QueueEntry {
  readonly started = new Latch();
  readonly done = new Latch();
}
