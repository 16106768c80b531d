import type { World } from './world.js';

/** Something that happens: the worlds that may come of it, none where it cannot have happened like this. */
export type Step = (world: World) => readonly World[];

/** The worlds that may come of several scripts at the same time: their steps follow each other in any order, each script in its own. */
export function explore(worlds: readonly World[], scripts: readonly (readonly Step[])[]): World[] {
  let layer = new Map<string, Map<string, World>>([[scripts.map(() => 0).join(), unique(worlds)]]);
  const steps = scripts.reduce((sum, { length }) => sum + length, 0);
  for (let done = 0; done < steps; done++) {
    const next = new Map<string, Map<string, World>>();
    for (const [place, here] of layer) {
      const at = place.split(',').map(Number);
      scripts.forEach((script, index) => {
        const step = script[at[index]!];
        if (step === undefined) return;
        const then = at.with(index, at[index]! + 1).join();
        const there = next.get(then) ?? new Map<string, World>();
        for (const world of here.values())
          for (const after of step(world)) there.set(JSON.stringify(after), after);
        if (there.size > 0) next.set(then, there);
      });
    }
    layer = next;
  }
  return [...layer.values()].flatMap((there) => [...there.values()]);
}

function unique(worlds: readonly World[]): Map<string, World> {
  return new Map(worlds.map((world) => [JSON.stringify(world), world]));
}
