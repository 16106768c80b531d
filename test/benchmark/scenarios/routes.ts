import type { Bench, Site } from '../bench.js';
import { pacedLatencies } from '../load/paced.js';
import { throughput } from '../load/throughput.js';
import { type Route, Traffic } from '../load/traffic.js';
import { type Figure, figureOf, percentile } from '../measure/statistics.js';
import { baselineOf, type Variant } from '../variants.js';

/** One measurement of one route of one variant. */
interface Sample {
  /** Requests a second. */
  readonly throughput: number;
  /** Microseconds of CPU a request. */
  readonly appCpu: number;
  readonly serverCpu: number | undefined;
  /** Of the load's own process. */
  readonly loadCpu: number;
  /** Store statements a request. */
  readonly statements: number | undefined;
  /** Milliseconds, at the fixed rate. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** What came of a route over all rounds. */
export interface RouteResult {
  readonly variant: string;
  readonly title: string;
  readonly route: Route;
  /** Of the throughput of the same route without sessions, measured in the same round. */
  readonly share: Figure;
  readonly throughput: Figure;
  readonly appCpu: Figure;
  /** The same less that of the route without sessions, measured in the same round: what sessions cost. */
  readonly sessionCpu: Figure;
  readonly serverCpu: Figure | undefined;
  /** Of the load's own process: with the server's, how busy the other cores were. */
  readonly loadCpu: Figure;
  readonly statements: Figure | undefined;
  readonly p50: Figure | undefined;
  readonly p99: Figure | undefined;
}

/** Measures every route of every variant, round by round, so that whatever else the machine does meets all of them. */
export async function measureRoutes(bench: Bench, say: (line: string) => void): Promise<RouteResult[]> {
  const variants = await bench.variants();
  const rounds: Map<string, Sample>[] = [];
  for (let round = 0; round < bench.options.rounds; round += 1) {
    const samples = new Map<string, Sample>();
    rounds.push(samples);
    const shift = round % variants.length;
    for (const variant of [...variants.slice(shift), ...variants.slice(0, shift)]) {
      say(`round ${round + 1} of ${bench.options.rounds}: ${variant.name}`);
      await bench.visit(variant, async (site) => {
        for (const route of bench.options.routes) {
          samples.set(nameOf(variant, route), await measureRoute(bench, site, route));
        }
      });
    }
  }
  return variants.flatMap((variant) => bench.options.routes.map((route) => resultOf(variant, route, rounds)));
}

async function measureRoute({ options }: Bench, site: Site, route: Route): Promise<Sample> {
  const { app, server, cookies } = site;
  const { connections, seconds, rate, smoke } = options;
  const traffic = new Traffic(route, cookies);
  if (!smoke) await throughput(app.port, traffic, { connections, seconds: Math.min(2, seconds), smoke }); // until it is compiled
  const read = async () => [await app.cpu(), await server?.cpu(), await server?.statements()] as const;
  const before = await read();
  const loadBefore = process.cpuUsage();
  const { requests, seconds: took } = await throughput(app.port, traffic, options);
  const load = process.cpuUsage(loadBefore);
  const after = await read();
  const perRequest = (index: 0 | 1 | 2): number | undefined => {
    const [from, to] = [before[index], after[index]];
    return from === undefined || to === undefined ? undefined : (to - from) / requests;
  };
  const latencies =
    rate > 0 ? await pacedLatencies(app.port, traffic, { rate, connections, seconds }) : undefined;
  return {
    throughput: requests / took,
    appCpu: perRequest(0)!,
    serverCpu: perRequest(1),
    loadCpu: (load.user + load.system) / requests,
    statements: perRequest(2),
    p50: latencies && percentile(latencies, 0.5),
    p99: latencies && percentile(latencies, 0.99),
  };
}

function resultOf(variant: Variant, route: Route, rounds: readonly Map<string, Sample>[]): RouteResult {
  const samples = rounds.map((round) => round.get(nameOf(variant, route))!);
  const bases = rounds.map((round) => round.get(nameOf(baselineOf(variant), route))!);
  const figure = (name: keyof Sample): Figure | undefined => {
    const values = samples.map((sample) => sample[name]);
    return values.every((value) => value !== undefined) ? figureOf(values) : undefined;
  };
  return {
    variant: variant.name,
    title: variant.title,
    route,
    share: figureOf(samples.map(({ throughput }, index) => throughput / bases[index]!.throughput)),
    throughput: figureOf(samples.map((sample) => sample.throughput)),
    appCpu: figureOf(samples.map(({ appCpu }) => appCpu)),
    sessionCpu: figureOf(samples.map(({ appCpu }, index) => appCpu - bases[index]!.appCpu)),
    serverCpu: figure('serverCpu'),
    loadCpu: figureOf(samples.map(({ loadCpu }) => loadCpu)),
    statements: figure('statements'),
    p50: figure('p50'),
    p99: figure('p99'),
  };
}

function nameOf({ name }: Variant, route: Route): string {
  return `${name} ${route}`;
}
