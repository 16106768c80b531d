/** Something that happens once. A promise is made of it only when somebody waits. */
export class Moment {
  #isPast = false;
  #waiting: (() => void)[] | undefined;

  get isPast(): boolean {
    return this.#isPast;
  }

  happen(): void {
    this.#isPast = true;
    for (const resolve of this.#waiting ?? []) resolve();
  }

  wait(): Promise<void> {
    if (this.#isPast) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }
}

/** A place in a line: work that begins when the work before it is done. */
export class Place {
  readonly begun = new Moment();
  readonly done = new Moment();
}
