import { sign } from 'cookie-signature';
import type { Bench, Site } from '../bench.js';
import { pacedLatencies } from '../load/paced.js';
import { throughput } from '../load/throughput.js';
import { Traffic } from '../load/traffic.js';
import { percentile } from '../measure/statistics.js';
import { table } from '../report/table.js';
import { variantNamed } from '../variants.js';
import { addRows, idOfRow, TABLES } from './rows.js';

const DAY = 86_400_000;

/** So many visitors out of all rows: more would be more than the load keeps ready. */
const VISITORS = 20_000;

/** What a request costs when so many sessions are in the table. */
export interface GrowthResult {
  readonly variant: string;
  readonly title: string;
  readonly rows: number;
  readonly route: 'read' | 'change';
  /** Requests a second. */
  readonly throughput: number;
  /** Milliseconds, at the fixed rate. */
  readonly p99: number;
}

/** From ten thousand rows to `--rows`, ten times as many each time; the visitors are spread over all of them. */
export async function measureGrowth(bench: Bench, say: (line: string) => void): Promise<GrowthResult[]> {
  const results: GrowthResult[] = [];
  for (const variant of TABLES.map(variantNamed)) {
    await bench.visit([variant], async ([site]) => {
      let filled = 0;
      for (let rows = 10_000; rows <= bench.options.rows; rows *= 10) {
        say(`${rows} rows: ${variant.name}`);
        await addRows(site!.url, variant, { from: filled, to: rows, life: DAY });
        await bench.settle(site!);
        filled = rows;
        results.push(...(await measureSize(bench, site!, rows)));
      }
    });
  }
  return results;
}

async function measureSize(
  bench: Bench,
  { app, variant, cookies }: Site,
  rows: number,
): Promise<GrowthResult[]> {
  const { connections, seconds, rate, smoke } = bench.options;
  const name = cookies[0]!.slice(0, cookies[0]!.indexOf('='));
  const spread = Array.from({ length: Math.min(rows, VISITORS) }, () => {
    const id = idOfRow(Math.floor(Math.random() * rows));
    return `${name}=${encodeURIComponent(`s:${sign(id, bench.secret)}`)}`;
  });
  const results: GrowthResult[] = [];
  for (const route of ['read', 'change'] as const) {
    const traffic = new Traffic(route, spread);
    if (!smoke) await throughput(app.port, traffic, { connections, seconds: Math.min(2, seconds), smoke });
    const run = await throughput(app.port, traffic, bench.options);
    const latencies = await pacedLatencies(app.port, (connection) => connection.ask(traffic.next()), { rate: rate || 500, connections, seconds });
    results.push({
      variant: variant.name,
      title: variant.title,
      rows,
      route,
      throughput: run.requests / run.seconds,
      p99: percentile(latencies, 0.99),
    });
  }
  return results;
}

/** One line for each size and route. */
export function growthTable(results: readonly GrowthResult[]): string {
  const rows = results.map(({ title, rows, route, throughput: perSecond, p99 }) => [
    title,
    route,
    String(rows),
    perSecond.toFixed(0),
    p99.toFixed(2),
  ]);
  return `as sessions grow\n${table(['', 'route', 'rows', 'requests/s', 'p99 ms'], rows)}`;
}
