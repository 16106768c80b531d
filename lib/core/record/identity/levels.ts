/** A level of certainty, and when the user proved it last, in milliseconds since the epoch. */
type Proof = readonly [level: number, at: number];

/**
 * What a user has proved, the highest level first. A lower level is listed only if it was proved later: who proves a level
 * has proved those below it.
 */
export type Levels = readonly Proof[];

/** Whether something is a level: a whole number of one or more. */
export function isLevel(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** Whether something that was stored has the shape of {@link Levels}. */
export function isLevels(value: unknown): value is Levels {
  return Array.isArray(value) && value.length > 0 && value.every(isProof);
}

function isProof(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isLevel(value[0]) && Number.isFinite(value[1]);
}

/** The levels of a user who has proved one of them now. */
export function proved(levels: Levels, level: number, at: number): Levels {
  return [...levels.filter(([other]) => other > level), [level, at]];
}

/** The highest level that was proved; 0 if none was. */
export function highestOf(levels: Levels): number {
  return levels[0]?.[0] ?? 0;
}

/** When a level, or one above it, was proved last; undefined if neither was. */
export function provedAt(levels: Levels, level: number): number | undefined {
  const times = levels.filter(([other]) => other >= level).map(([, at]) => at);
  return times.length === 0 ? undefined : Math.max(...times);
}
