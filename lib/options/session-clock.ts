/** What time it is for the sessions of an application: the system's time, which tests move to age sessions. */
export class SessionClock {
  #ahead = 0;

  /** Milliseconds since the epoch. */
  readonly now = (): number => Date.now() + this.#ahead;

  /** Moves the time ahead by milliseconds. */
  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** Goes back to the system's time. */
  reset(): void {
    this.#ahead = 0;
  }
}
