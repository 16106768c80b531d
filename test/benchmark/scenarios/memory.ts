import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.js';
import type { MemoryReport } from '../memory/report.js';
import { table } from '../report/table.js';

const PROCESS = fileURLToPath(new URL('../memory/process.js', import.meta.url));

/** In the order of the table. */
const STORES = ['nest-session', 'express-session', 'memorystore'] as const;

export type MemoryResult = MemoryReport & { readonly store: string };

/** What a session costs in memory, and what its end costs: every store in a process of its own, on the application's core. */
export async function measureMemory(
  { options, cores }: Bench,
  say: (line: string) => void,
): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const store of STORES) {
    say(`${options.scale} sessions in memory: ${store}`);
    const args = [
      process.execPath,
      '--expose-gc',
      '--max-old-space-size=8192',
      PROCESS,
      store,
      String(options.scale),
    ];
    if (cores) args.unshift('taskset', '-c', cores.app);
    const { stdout } = await promisify(execFile)(args[0]!, args.slice(1), {
      env: { ...process.env, NODE_ENV: 'production' },
    });
    results.push({ store, ...(JSON.parse(stdout) as MemoryReport) });
  }
  return results;
}

const HEAD = ['', 'JSON bytes', 'heap beyond JSON', 'longest block ms', 'before expiry ms', 'CPU ms', 'left'];

/** One line a store. */
export function memoryTable(results: readonly MemoryResult[]): string {
  const rows = results.map(({ store, json, heap, idleBlock, expiryBlock, expiryCpu, left }) => [
    store,
    ...[json, heap - json].map((bytes) => bytes.toFixed(0)),
    ...[expiryBlock, idleBlock].map((milliseconds) => milliseconds.toFixed(1)),
    expiryCpu.toFixed(0),
    String(left),
  ]);
  return `memory: ${results[0]?.sessions} sessions, all of which expire\n${table(HEAD, rows)}`;
}
