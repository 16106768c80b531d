import type { Bench, Site } from '../bench.js';
import { Connection } from '../load/connection.js';
import { pacedLatencies } from '../load/paced.js';
import { Traffic } from '../load/traffic.js';
import { percentile } from '../measure/statistics.js';
import { table } from '../report/table.js';
import { PLAIN_SELECT, type Variant, variantNamed } from '../variants.js';

/** Milliseconds that a request takes which reads the session. */
export interface LatencyResult {
  readonly node: string;
  readonly variant: string;
  readonly title: string;
  /** When it is the only one. */
  readonly lone: Percentiles;
  /** Under a paced load. */
  readonly paced: Percentiles;
}

interface Percentiles {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Without a session, with the least that a session in a database can cost, and what there is. */
const COMPARED = [
  ...['none', 'memory', 'express-memory', PLAIN_SELECT.name, 'postgres', 'pg-simple'],
  ...['redis', 'connect-redis'],
];

/** Seconds of one variant at a time. */
const WINDOW = 0.5;

/**
 * One connection, one request after the other: sharing round trips must not make a lone one wait. Then a paced load. All
 * variants take turns, so that whatever else the machine does meets all of them.
 */
export async function measureLatency(bench: Bench, say: (line: string) => void): Promise<LatencyResult[]> {
  const { rounds, seconds, smoke, nodes } = bench.options;
  const variants = await bench.available(
    (smoke ? [PLAIN_SELECT.name, 'postgres'] : COMPARED).map(variantNamed),
  );
  const samples = new Map<string, Samples>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const node of nodes) {
      await bench.visit(
        variants,
        async (sites) => {
          say(`latency, round ${round} of ${rounds}, ${sites[0]!.app.version}`);
          if (!smoke) for (const site of sites) await lone(site, 2); // until it is compiled
          const windows = Math.max(1, Math.round((2 * seconds) / WINDOW));
          for (let window = 0; window < windows; window += 1) {
            for (const site of sites) {
              const name = `${site.app.version} ${site.variant.name}`;
              const all = samples.get(name) ?? {
                node: site.app.version,
                variant: site.variant,
                lone: [],
                paced: [],
              };
              samples.set(name, all);
              all.lone.push(...(await lone(site, Math.min(WINDOW, seconds))));
              all.paced.push(...(await paced(site, bench, Math.min(WINDOW, seconds))));
            }
          }
        },
        { node },
      );
    }
  }
  return [...samples.values()].map(({ node, variant, lone, paced }) => ({
    node,
    variant: variant.name,
    title: variant.title,
    lone: percentilesOf(lone),
    paced: percentilesOf(paced),
  }));
}

/** Latencies of all turns. */
interface Samples {
  readonly node: string;
  readonly variant: Variant;
  readonly lone: number[];
  readonly paced: number[];
}

async function lone({ app, cookies }: Site, seconds: number): Promise<number[]> {
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

function paced({ app, cookies }: Site, { options }: Bench, seconds: number): Promise<number[]> {
  const { rate, connections } = options;
  const traffic = new Traffic('read', cookies);
  const ask = (connection: Connection) => connection.ask(traffic.next());
  return pacedLatencies(app.port, ask, { rate, connections, seconds });
}

function percentilesOf(latencies: readonly number[]): Percentiles {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => percentile(latencies, share));
  return { requests: latencies.length, p50: p50!, p99: p99!, p999: p999! };
}

const HEAD = ['', 'lone p50', 'p99', 'p99.9', 'paced p50', 'p99', 'p99.9'];

/** One line a variant. */
export function latencyTable(results: readonly LatencyResult[], rate: number): string {
  const nodes = [...new Set(results.map(({ node }) => node))];
  return nodes
    .map((node) => {
      const rows = results
        .filter((result) => result.node === node)
        .map(({ title, lone, paced }) => [
          title,
          ...[lone, paced].flatMap(({ p50, p99, p999 }) => [p50, p99, p999].map((value) => value.toFixed(2))),
        ]);
      return `milliseconds of a request that reads the session, alone and at ${rate} a second, Node.js ${node}\n${table(HEAD, rows)}`;
    })
    .join('\n\n');
}
