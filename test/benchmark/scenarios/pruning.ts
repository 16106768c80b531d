import type { Bench, Site } from '../bench.js';
import type { Connection } from '../load/connection.js';
import { pacedLatencies } from '../load/paced.js';
import { Traffic } from '../load/traffic.js';
import { percentile } from '../measure/statistics.js';
import { table } from '../report/table.js';
import { variantNamed } from '../variants.js';
import { addRows, TABLES } from './rows.js';

const HOUR = 3_600_000;

/** The application under a moderate load, before and while expired rows are removed. */
export interface PruningResult {
  readonly variant: string;
  readonly title: string;
  readonly rows: number;
  /** How long the removal took. */
  readonly seconds: number;
  /** Milliseconds. */
  readonly before: { readonly p50: number; readonly p99: number };
  readonly during: { readonly p50: number; readonly p99: number };
}

/** Half of the requests read, half of them change. */
export async function measurePruning(bench: Bench, say: (line: string) => void): Promise<PruningResult[]> {
  const results: PruningResult[] = [];
  for (const variant of TABLES.map(variantNamed)) {
    const { expired: rows } = bench.options;
    say(`removing ${rows} expired rows: ${variant.name}`);
    const fill = ({ url }: Site): Promise<void> => addRows(url, variant, { from: 0, to: rows, life: -HOUR });
    results.push(await bench.visit([variant], ([site]) => measureSite(bench, site!), { fill }));
  }
  return results;
}

async function measureSite({ options }: Bench, { app, cookies, variant }: Site): Promise<PruningResult> {
  const [read, change] = [new Traffic('read', cookies), new Traffic('change', cookies)];
  const ask = (connection: Connection) => connection.ask((Math.random() < 0.5 ? read : change).next());
  const { connections, seconds, expired: rows, smoke } = options;
  const pace = { connections, rate: options.rate };
  if (!smoke) await pacedLatencies(app.port, ask, { ...pace, seconds: 2 }); // until it is compiled
  const before = await pacedLatencies(app.port, ask, { ...pace, seconds: smoke ? seconds : 2 * seconds });
  let pruning = true;
  const start = performance.now();
  const pruned = app.prune().finally(() => (pruning = false));
  const during = await pacedLatencies(app.port, ask, {
    ...pace,
    seconds: Infinity,
    until: () => !pruning,
  });
  await pruned;
  return {
    variant: variant.name,
    title: variant.title,
    rows,
    seconds: (performance.now() - start) / 1000,
    before: { p50: percentile(before, 0.5), p99: percentile(before, 0.99) },
    during: { p50: percentile(during, 0.5), p99: percentile(during, 0.99) },
  };
}

const HEAD = ['', 'took s', 'p50 before', 'during', 'p99 before', 'during', ''];

/** One line a variant; the last column is how far the p99 moved. */
export function pruningTable(results: readonly PruningResult[]): string {
  const rows = results.map(({ title, seconds, before, during }) => [
    title,
    seconds.toFixed(1),
    ...[before.p50, during.p50, before.p99, during.p99].map((milliseconds) => milliseconds.toFixed(2)),
    `${(during.p99 / before.p99).toFixed(2)} ×`,
  ]);
  return `removing ${results[0]?.rows} expired rows under load (milliseconds)\n${table(HEAD, rows)}`;
}
