import { randomInt } from 'node:crypto';

/** How many values the mark of a write has: the last 24 bits of a version. */
const MARKS = 2 ** 24;

/** The last counter: with its mark it still is a safe integer. */
const LAST_COUNTER = 2 ** 29 - 1;

/** How often a record was changed, as its version says. */
export function counterOf(version: number): number {
  return Math.floor(version / MARKS);
}

/**
 * The version after a change: the counter raised by one, and a random mark. A writer whose answer was lost recognises its
 * own write by the mark: nobody else has written this very version.
 */
export function versionAfter(version: number): number {
  const counter = counterOf(version);
  return (counter >= LAST_COUNTER ? 1 : counter + 1) * MARKS + randomInt(MARKS);
}
