import type { Bench, Site } from '../bench.js';
import { Connection } from '../load/connection.js';
import { Traffic } from '../load/traffic.js';
import { type Figure, figureOf, percentile } from '../measure/statistics.js';
import { median, table } from '../report/table.js';
import { PLAIN_SELECT, type Variant, variantNamed } from '../variants.js';

/** Milliseconds that a request takes when it is the only one. */
export interface LoneResult {
  readonly variant: string;
  readonly title: string;
  readonly p50: Figure;
  readonly p99: Figure;
}

/** Without a session, with the least that a session in a database can cost, and what there is. */
const COMPARED = ['none', PLAIN_SELECT.name, 'postgres', 'pg-simple', 'memory', 'express-memory'];

/** Seconds of one variant at a time. */
const WINDOW = 0.5;

/**
 * One connection, one request after the other: sharing round trips must not make a lone one wait. All variants take
 * turns, so that whatever else the machine does meets all of them.
 */
export async function measureLone(bench: Bench, say: (line: string) => void): Promise<LoneResult[]> {
  const { rounds, seconds, smoke } = bench.options;
  const variants = (smoke ? [PLAIN_SELECT.name, 'postgres'] : COMPARED).map(variantNamed);
  const samples = new Map<Variant, { p50: number; p99: number }[]>(variants.map((variant) => [variant, []]));
  for (let round = 1; round <= rounds; round += 1) {
    say(`lone requests, round ${round} of ${rounds}`);
    await bench.visit(variants, async (sites) => {
      if (!smoke) for (const site of sites) await latenciesOf(site, 2); // until it is compiled
      const latencies = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
      const windows = Math.max(1, Math.round(seconds / WINDOW));
      for (let window = 0; window < windows; window += 1) {
        for (const site of sites)
          latencies.get(site.variant)!.push(...(await latenciesOf(site, Math.min(WINDOW, seconds))));
      }
      for (const [variant, all] of latencies)
        samples.get(variant)!.push({ p50: percentile(all, 0.5), p99: percentile(all, 0.99) });
    });
  }
  return [...samples].map(([{ name, title }, list]) => ({
    variant: name,
    title,
    p50: figureOf(list.map(({ p50 }) => p50)),
    p99: figureOf(list.map(({ p99 }) => p99)),
  }));
}

async function latenciesOf({ app, cookies }: Site, seconds: number): Promise<number[]> {
  const traffic = new Traffic('read', cookies);
  const connection = await Connection.open(app.port);
  const latencies: number[] = [];
  try {
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const request = traffic.next();
      const start = performance.now();
      await connection.ask(request);
      latencies.push(performance.now() - start);
    }
    return latencies;
  } finally {
    connection.close();
  }
}

/** One line a variant, the last two columns as multiples of the plain SELECT. */
export function loneTable(results: readonly LoneResult[]): string {
  const plain = results.find(({ variant }) => variant === PLAIN_SELECT.name)!;
  const times = (figure: Figure, of: Figure): string => `${(figure.median / of.median).toFixed(2)} ×`;
  const rows = results.map(({ title, p50, p99 }) => [
    title,
    median(p50, 3),
    median(p99, 3),
    times(p50, plain.p50),
    times(p99, plain.p99),
  ]);
  return `lone requests that read the session\n${table(['', 'p50 ms', 'p99 ms', 'p50', 'p99'], rows)}`;
}
