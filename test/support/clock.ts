import { jest } from '@jest/globals';

/** Stops the time that `Date.now()` tells, and moves it. Timers go on as they are. */
export class TestClock {
  #now = Date.now();
  readonly #spy = jest.spyOn(Date, 'now').mockImplementation(() => this.#now);

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
