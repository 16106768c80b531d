import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkOptions } from '../options.js';
import { type LatencyResult, latencyTable } from '../scenarios/latency.js';
import { type MemoryResult, memoryTable } from '../scenarios/memory.js';
import { type PruningResult, pruningTable } from '../scenarios/pruning.js';
import type { RouteResult } from '../scenarios/routes.js';
import type { ScaleResult } from '../scenarios/scale.js';
import { type SoakResult, soakTable } from '../scenarios/soak.js';
import { type Machine, machineLines } from './machine.js';
import { publish } from './publish.js';
import { routesTables } from './routes-table.js';
import { scaleTable } from './scale-table.js';
import { shortTable } from './short-table.js';
import { verdicts } from './verdict.js';

/** All that was measured; what was not asked for is missing. */
export interface Results {
  readonly routes?: readonly RouteResult[];
  readonly latency?: readonly LatencyResult[];
  readonly memory?: readonly MemoryResult[];
  readonly pruning?: readonly PruningResult[];
  readonly scale?: readonly ScaleResult[];
  readonly soak?: readonly SoakResult[];
}

/** The tables, the ratios, and what it was measured on. */
export function report(
  { routes, latency, memory, pruning, scale, soak }: Results,
  machine: Machine,
  { rate }: BenchmarkOptions,
): string {
  const parts = [
    routes && routesTables(routes),
    routes && verdicts(routes).join('\n'),
    routes && shortTable(routes),
    latency && latencyTable(latency, rate),
    memory && memoryTable(memory),
    pruning && pruningTable(pruning),
    scale && scaleTable(scale),
    soak && soakTable(soak),
    machineLines(machine).join('\n'),
    machine.pinned === undefined && !scale && 'Nothing was pinned to a core: no taskset, or one core only.',
    machine.busyBefore >= 0.1 &&
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

/** Writes `results.json` into `folder` and, of the routes, the chart; where the docs show it, the short table, too. */
export async function write(
  folder: string,
  results: Results,
  machine: Machine,
  { rounds, seconds, rate, connections, sessions }: BenchmarkOptions,
): Promise<void> {
  const measured = { at: new Date().toISOString(), rounds, seconds, rate, connections, sessions };
  await mkdir(folder, { recursive: true });
  const json = JSON.stringify({ measured, machine, ...results }, undefined, 2);
  await writeFile(join(folder, 'results.json'), `${json}\n`);
  if (results.routes) await publish(folder, results.routes, machine, measured.at);
}
