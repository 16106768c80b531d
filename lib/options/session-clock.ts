/** The clock of an application's sessions: the system time, which tests can advance. */
export class SessionClock {
  #ahead = 0;

  /** Milliseconds since the epoch. */
  readonly now = (): number => Date.now() + this.#ahead;

  /** Advances the time by milliseconds. */
  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** Returns to the system time. */
  reset(): void {
    this.#ahead = 0;
  }
}
