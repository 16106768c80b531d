import type { Bench, Site } from '../bench.js';
import { Connection } from '../load/connection.js';
import { Traffic } from '../load/traffic.js';
import { type Figure, figureOf, percentile } from '../measure/statistics.js';
import { median, table } from '../report/table.js';
import { PLAIN_SELECT, variantNamed } from '../variants.js';

/** Milliseconds that a request takes when it is the only one. */
export interface LoneResult {
  readonly variant: string;
  readonly title: string;
  readonly p50: Figure;
  readonly p99: Figure;
}

/** Without a session, with the least that a session in a database can cost, and what there is. */
const COMPARED = ['none', PLAIN_SELECT.name, 'postgres', 'pg-simple', 'memory', 'express-memory'];

/** One connection, one request after the other: sharing round trips must not make a lone one wait. */
export async function measureLone(bench: Bench, say: (line: string) => void): Promise<LoneResult[]> {
  const { rounds, smoke } = bench.options;
  const names = smoke ? [PLAIN_SELECT.name, 'postgres'] : COMPARED;
  const samples = new Map<string, { p50: number; p99: number }[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, list] of samples) {
      say(`lone requests, round ${round + 1} of ${rounds}: ${name}`);
      list.push(await bench.visit(variantNamed(name), (site) => measureSite(bench, site)));
    }
  }
  return [...samples].map(([variant, list]) => ({
    variant,
    title: variantNamed(variant).title,
    p50: figureOf(list.map(({ p50 }) => p50)),
    p99: figureOf(list.map(({ p99 }) => p99)),
  }));
}

async function measureSite(
  { options }: Bench,
  { app, cookies }: Site,
): Promise<{ p50: number; p99: number }> {
  const traffic = new Traffic('read', cookies);
  const connection = await Connection.open(app.port);
  const run = async (seconds: number): Promise<number[]> => {
    const latencies: number[] = [];
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const request = traffic.next();
      const start = performance.now();
      await connection.ask(request);
      latencies.push(performance.now() - start);
    }
    return latencies;
  };
  try {
    if (!options.smoke) await run(2); // until it is compiled
    const latencies = await run(options.seconds);
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
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
