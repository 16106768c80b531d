import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkOptions } from '../options.js';
import { type GrowthResult, growthTable } from '../scenarios/growth.js';
import { type LoneResult, loneTable } from '../scenarios/lone.js';
import { type MemoryResult, memoryTable } from '../scenarios/memory.js';
import { type PruningResult, pruningTable } from '../scenarios/pruning.js';
import { type SoakResult, soakTable } from '../scenarios/soak.js';
import type { RouteResult } from '../scenarios/routes.js';
import { chart } from './chart.js';
import { type Machine, machineLines } from './machine.js';
import { routesTables } from './routes-table.js';
import { verdicts } from './verdict.js';

/** All that was measured; what was not asked for is missing. */
export interface Results {
  readonly routes?: readonly RouteResult[];
  readonly lone?: readonly LoneResult[];
  readonly memory?: readonly MemoryResult[];
  readonly pruning?: readonly PruningResult[];
  readonly soak?: readonly SoakResult[];
  readonly growth?: readonly GrowthResult[];
}

/** The tables, who won, and what it was measured on. */
export function report(
  { routes, lone, memory, pruning, soak, growth }: Results,
  machine: Machine,
  rounds: number,
): string {
  const quiet = machine.busyBefore < 0.1;
  const parts = [
    routes && routesTables(routes),
    routes && (rounds < 3 ? 'Fewer than three rounds: nobody has won.' : verdicts(routes).join('\n')),
    lone && loneTable(lone),
    memory && memoryTable(memory),
    pruning && pruningTable(pruning),
    soak && soakTable(soak),
    growth && growthTable(growth),
    machineLines(machine).join('\n'),
    machine.pinned === undefined && 'Nothing was pinned to a core: no taskset, or one core only.',
    !quiet &&
      `The machine was busy (${(machine.busyBefore * 100).toFixed(0)} %) before it began: do not trust these figures.`,
  ];
  return parts.filter((part) => typeof part === 'string' && part !== '').join('\n\n');
}

/** @throws Error that names a figure which is none. */
export function checkFigures(value: unknown, path = 'results'): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${path} is ${value}.`);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) checkFigures(part, `${path}.${name}`);
}

/** Writes `results.json` into `folder` and, of the routes, `speed.svg` into `charts`. */
export async function write(
  folder: string,
  charts: string,
  results: Results,
  machine: Machine,
  { rounds, seconds, rate, connections, sessions }: BenchmarkOptions,
): Promise<void> {
  const measured = { at: new Date().toISOString(), rounds, seconds, rate, connections, sessions };
  await mkdir(folder, { recursive: true });
  const json = JSON.stringify({ measured, machine, ...results }, undefined, 2);
  await writeFile(join(folder, 'results.json'), `${json}\n`);
  if (results.routes) await writeFile(join(charts, 'speed.svg'), chart(results.routes, machine));
}
