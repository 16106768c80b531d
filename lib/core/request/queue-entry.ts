/** Something that happens once. A promise is made of it only when somebody waits. */
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

/** A place in a line: work that begins when the work before it is done. */
export class QueueEntry {
  readonly started = new Latch();
  readonly done = new Latch();
}
