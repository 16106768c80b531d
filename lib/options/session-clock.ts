/** The clock of an application's sessions: the system's time, which tests can move. */
export class SessionClock {
  #ahead = 0;

  /** Milliseconds since the epoch. */
  readonly now = (): number => Date.now() + this.#ahead;

  /** Moves the time ahead by milliseconds. */
  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** Returns to the system's time. */
  reset(): void {
    this.#ahead = 0;
  }
}
