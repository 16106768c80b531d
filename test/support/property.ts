import type { Parameters } from 'fast-check';
import { TRIES_ALL } from './scope.js';

/** What share of its runs a property gets: `FC_TIMES=50 npm test -- test/hostile test/model` looks for longer. */
const TIMES = Number(process.env.FC_TIMES ?? (TRIES_ALL ? 1 : 0.1));

/** The usual seed; `FC_SEED=$RANDOM` looks elsewhere. */
const SEED = Number(process.env.FC_SEED ?? 20_261_121);

/** `FC_FIRST=1` shows the first counterexample as it is: to look for a smaller one may take long, and depends on luck in a race. */
const FIRST = Boolean(process.env.FC_FIRST);

/**
 * The settings of a property, with `all` its runs: a fixed seed, and so the same runs each time, unless the environment says otherwise.
 * A counterexample is printed with its seed and its path: `FC_SEED` and `FC_PATH` bring it back.
 */
export function runs<T>(all: number, more: Parameters<T> = {}): Parameters<T> {
  const path = process.env.FC_PATH;
  return {
    seed: SEED,
    numRuns: Math.ceil(all * TIMES),
    endOnFailure: FIRST,
    ...(path && { path }),
    ...more,
  };
}

/** The time limit of a test that checks properties, in milliseconds. */
export const PATIENCE = 60_000 * Math.max(1, TIMES);
