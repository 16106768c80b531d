import {
  type Circumstances,
  livingRows,
  type Row,
  type Sweep,
  withFlight,
  withoutRows,
  type World,
} from './world.js';

/** Ends that one call brings upon several sessions, one after the other: anything may happen in between. */

/** All ways to choose some. */
function subsets<T>(items: readonly T[]): T[][] {
  return items.reduce<T[][]>((chosen, item) => chosen.flatMap((some) => [some, [...some, item]]), [[]]);
}

/** Counts the sessions of a user who has just signed in: the oldest beyond the cap have to go. */
export function count({ rules, now }: Circumstances, world: World, n: number): World[] {
  const flight = world.flights[n]!;
  const { counts: user, row: own } = flight;
  if (user === undefined || rules.cap === undefined) return [world];
  const rows = livingRows(world, now, user).map(([name, row]) => [name, row.createdAt] as const);
  const others = rows.filter(([name]) => name !== own);
  const ownBirth = rows.find(([name]) => name === own)?.[1] ?? now;
  const everybody = [...others, [own, ownBirth] as const];
  const surplus = Math.max(everybody.length - rules.cap, 0);
  return subsets(everybody)
    .filter(({ length }) => length === surplus)
    .filter((gone) => {
      const kept = others.filter((one) => !gone.includes(one));
      // Whoever signs in at the same moment may come first.
      if (gone.some(([name]) => name === own)) return kept.every(([, birth]) => birth >= ownBirth);
      return gone.every(([, birth]) => kept.every(([, other]) => birth <= other));
    })
    .map((gone) => {
      const names = gone.map(([name]) => name);
      const phase = names.includes(own) ? ('ended elsewhere' as const) : flight.phase;
      return withFlight(world, n, { ...flight, phase, surplus: names });
    });
}

/** Ends one of those that have to go, if it is still the user's. */
export function endOne(world: World, n: number): World[] {
  const flight = world.flights[n]!;
  const { surplus, counts } = flight;
  const isOwned = surplus.length > 0 && world.rows[surplus[0]!]?.user === counts;
  const after = isOwned ? withoutRows(world, [surplus[0]!]) : world;
  return [withFlight(after, n, { ...flight, surplus: surplus.slice(1) })];
}

/** Ends all of them. */
export function endAll(world: World, n: number): World[] {
  const { surplus } = world.flights[n]!;
  if (surplus.length > 0) return endOne(world, n).flatMap((after) => endAll(after, n));
  return [withFlight(world, n, { ...world.flights[n]!, counts: undefined })];
}

function rowsOf({ rows }: World, user: string): string[] {
  return Object.keys(rows).filter((name) => rows[name]!.user === user);
}

function withSweep(world: World, n: number, sweep: Sweep): World {
  return { ...world, sweeps: { ...world.sweeps, [n]: sweep } };
}

/** The call begins that ends all sessions of a user: whatever is theirs now has to go. */
export function beginSweep(world: World, n: number, user: string): World[] {
  return [withSweep(world, n, { user, rows: rowsOf(world, user), ended: 0 })];
}

/** Any of them end, also such as became theirs since. */
export function sweep(world: World, n: number): World[] {
  const { user, rows, ended } = world.sweeps[n]!;
  return subsets(rowsOf(world, user)).map((gone) =>
    withSweep(withoutRows(world, gone), n, { user, rows, ended: ended + gone.length }),
  );
}

/** The call is over, and has ended so many. Those whose time was up may have been removed before. */
export function finishSweep(world: World, n: number, counted: number, now: number): World[] {
  const { user, rows, ended } = world.sweeps[n]!;
  const left = rowsOf(world, user);
  const doomed = left.filter((name) => rows.includes(name));
  const others = subsets(left.filter((name) => !rows.includes(name)));
  const expired =
    Object.values(world.rows).filter((row: Row) => row.user === user).length -
    livingRows(world, now, user).length;
  return others.flatMap((more) => {
    const sum = ended + doomed.length + more.length;
    if (counted > sum || counted < sum - expired) return [];
    const { [n]: _, ...sweeps } = world.sweeps;
    return [{ ...withoutRows(world, [...doomed, ...more]), sweeps }];
  });
}

/** One session ends, by its name, if it is the user's. */
export function revoke(world: World, key: string, user: string, wasEnded: boolean, now: number): World[] {
  const found = Object.entries(world.rows).find(([, row]) => row.key === key);
  if (found?.[1].user !== user) return wasEnded ? [] : [world];
  const [name] = found;
  const isLiving = livingRows(world, now, user).some(([living]) => living === name);
  if (!wasEnded) return isLiving ? [] : [world];
  return [withoutRows(world, [name])];
}
