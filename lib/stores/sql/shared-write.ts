import { setTimeout } from 'node:timers/promises';
import type { StoreOutcome } from '../../core/store/session-store.js';
import { StoreFault } from '../../errors/store-fault.js';

/** Runs one statement for many items. If it rejects, it has done nothing. */
type Write<Item> = (items: readonly Item[]) => Promise<StoreOutcome[]>;

/** More characters (or what `lengthOf` counts) than this in one statement would hold up the event loop, and far more no driver takes. */
const MAX_TEXT = 16 * 1024 * 1024;

/** Milliseconds before the first repetition for a locked row; doubled each time, up to {@link LAST_PAUSE} (2.5 s in all). */
const FIRST_PAUSE = 5;
const LAST_PAUSE = 1_280;

/**
 * Writes so that one bad item fails alone: what the database refuses is halved until the item to blame stands alone.
 * The halves follow one another, so that a failure occupies one connection of the pool and not all.
 */
export async function isolating<Item>(
  items: readonly Item[],
  write: Write<Item>,
  isRefusal: (error: unknown) => boolean,
  lengthOf: (item: Item) => number,
  maxLength = MAX_TEXT,
): Promise<StoreOutcome[]> {
  if (items.length === 0) return [];
  const length = items.reduce((sum, item) => sum + lengthOf(item), 0);
  if (items.length <= 1 || length <= maxLength) {
    try {
      return await write(items);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (items.length === 1) return [error as Error];
    }
  }
  const middle = Math.ceil(items.length / 2);
  const outcomes: StoreOutcome[] = [];
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    // The other half may be written already: from here on, a fault of the whole store is a fault of these items.
    const failed = (error: unknown): StoreOutcome[] => half.map(() => error as Error);
    outcomes.push(...(await isolating(half, write, isRefusal, lengthOf, maxLength).catch(failed)));
  }
  return outcomes;
}

/**
 * Changes what can be changed at once, and comes back for the rows that somebody else is writing. As `write` skips locked
 * rows, no statement ever waits: none holds up other sessions, takes part in a deadlock, or occupies a connection of the
 * application's pool for as long as some lock is held.
 *
 * @param stillDue - The items that were not written although there is a row they could be written to.
 */
export async function retryingLocked<Item>(
  items: readonly Item[],
  write: Write<Item>,
  stillDue: (items: readonly Item[]) => Promise<readonly Item[]>,
): Promise<StoreOutcome[]> {
  const outcomes = new Map<Item, StoreOutcome>();
  const attempt = async (some: readonly Item[]): Promise<void> => {
    const answers = await write(some);
    some.forEach((item, index) => outcomes.set(item, answers[index]!));
  };
  const isMissed = (item: Item): boolean => outcomes.get(item) === false;

  await attempt(items);
  let due = items.filter(isMissed);
  let failure: unknown;
  try {
    for (let pause = FIRST_PAUSE; due.length > 0; pause *= 2) {
      due = [...(await stillDue(due))];
      if (due.length === 0 || pause > LAST_PAUSE) break;
      await setTimeout(pause);
      await attempt(due);
      due = due.filter(isMissed);
    }
  } catch (error) {
    failure = error; // Other items are written already: only these have failed.
  }
  if (due.length > 0) failure ??= new StoreFault('The row of the session is locked by another transaction.');
  for (const item of due) outcomes.set(item, failure as Error);
  return items.map((item) => outcomes.get(item)!);
}

/**
 * Deletes the rows that nobody else is writing, and then waits for the others, so that none holds up the rest. An end
 * does not come back later, as a change does: a session that is changed without rest would be locked whenever it came.
 *
 * @returns What became of each key: `false` only if there was nothing to delete.
 */
export async function deletingLocked(
  keys: readonly string[],
  skipLocked: Write<string>,
  waitForLocked: Write<string>,
): Promise<StoreOutcome[]> {
  const outcomes = await skipLocked(keys);
  const missed = keys.filter((_, index) => outcomes[index] === false);
  if (missed.length === 0) return outcomes;
  // Other rows are deleted already: if this fails, only these have failed.
  const failed = (error: unknown): StoreOutcome[] => missed.map(() => error as Error);
  const later = (await waitForLocked(missed).catch(failed)).values();
  return outcomes.map((outcome) => (outcome === false ? later.next().value! : outcome));
}

/** The keys that were deleted. @throws the error of one that could not be: what has to end must not be left out. */
export function deletedOf(keys: readonly string[], outcomes: readonly StoreOutcome[]): string[] {
  const failure = outcomes.find((outcome) => outcome instanceof Error);
  if (failure !== undefined) throw failure;
  return keys.filter((_, index) => outcomes[index]);
}
