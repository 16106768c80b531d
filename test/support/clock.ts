import { jest } from '@jest/globals';

/** Moves the time that `Date.now()` tells, while timers go on as they are. */
export class TestClock {
  #offset = 0;
  readonly #real = Date.now.bind(Date);
  readonly #spy = jest.spyOn(Date, 'now').mockImplementation(() => this.#real() + this.#offset);

  advance(milliseconds: number): void {
    this.#offset += milliseconds;
  }

  restore(): void {
    this.#spy.mockRestore();
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
