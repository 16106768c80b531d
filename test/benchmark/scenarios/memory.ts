import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.js';
import type { MemoryReport } from '../memory/report.js';
import type { Cores } from '../measure/cores.js';
import { type Figure, figureOf } from '../measure/statistics.js';
import { median, table } from '../report/table.js';

const PROCESS = fileURLToPath(new URL('../memory/process.js', import.meta.url));

/** In the order of the table. */
const STORES = ['nest-session', 'express-session', 'memorystore'] as const;

/** What came of a store over all rounds. */
export interface MemoryResult {
  readonly store: string;
  readonly sessions: number;
  /** See {@link MemoryReport}. */
  readonly json: Figure;
  readonly heap: Figure;
  readonly idleBlock: Figure;
  readonly expiryBlock: Figure;
  readonly expiryCpu: Figure;
  readonly left: Figure;
}

/**
 * What a session costs in memory, and what its end costs: every store in a process of its own, on the application's core.
 */
export async function measureMemory(
  { options, cores }: Bench,
  say: (line: string) => void,
): Promise<MemoryResult[]> {
  const reports = new Map<string, MemoryReport[]>(STORES.map((store) => [store, []]));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [store, list] of reports) {
      say(`${options.expired} sessions in memory, round ${round} of ${options.rounds}: ${store}`);
      list.push(await fill(store, options.expired, cores));
    }
  }
  return [...reports].map(([store, list]) => {
    const figure = (name: keyof MemoryReport): Figure => figureOf(list.map((report) => report[name]));
    return {
      store,
      sessions: options.expired,
      json: figure('json'),
      heap: figure('heap'),
      idleBlock: figure('idleBlock'),
      expiryBlock: figure('expiryBlock'),
      expiryCpu: figure('expiryCpu'),
      left: figure('left'),
    };
  });
}

async function fill(store: string, sessions: number, cores: Cores | undefined): Promise<MemoryReport> {
  const args = [
    process.execPath,
    '--expose-gc',
    '--max-old-space-size=8192',
    PROCESS,
    store,
    String(sessions),
  ];
  if (cores) args.unshift('taskset', '-c', cores.app);
  const { stdout } = await promisify(execFile)(args[0]!, args.slice(1), {
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return JSON.parse(stdout) as MemoryReport;
}

const HEAD = ['', 'JSON bytes', 'heap beyond JSON', 'longest block ms', 'before expiry ms', 'CPU ms', 'left'];

/** One line a store. */
export function memoryTable(results: readonly MemoryResult[]): string {
  const rows = results.map(({ store, json, heap, idleBlock, expiryBlock, expiryCpu, left }) => [
    store,
    median(json),
    (heap.median - json.median).toFixed(0),
    ...[expiryBlock, idleBlock].map((figure) => median(figure, 1)),
    ...[expiryCpu, left].map((figure) => median(figure)),
  ]);
  return `memory: ${results[0]?.sessions} sessions, all of which expire\n${table(HEAD, rows)}`;
}
