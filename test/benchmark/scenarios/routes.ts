import type { Bench, Site } from '../bench.js';
import { pacedLatencies } from '../load/paced.js';
import { type Effort, throughput } from '../load/throughput.js';
import { type Route, Traffic } from '../load/traffic.js';
import { type Figure, figureOf, percentile } from '../measure/statistics.js';
import { baselineOf, type Variant } from '../variants.js';

/** Seconds of load at a time: whatever else a machine does changes from one second to the next. */
const WINDOW = 0.5;

/** What came of some load. */
interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Microseconds of CPU. */
  readonly appCpu: number;
  readonly serverCpu: number | undefined;
  /** Of the load's own process. */
  readonly loadCpu: number;
  /** For the store. */
  readonly statements: number | undefined;
}

/** What came of one route of one variant in one round. */
interface Sample {
  readonly own: Load;
  /** The same route without sessions, in turns with it. */
  readonly base: Load;
  /** Milliseconds, at the fixed rate. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** What came of a route over all rounds. */
export interface RouteResult {
  readonly variant: string;
  readonly title: string;
  readonly route: Route;
  /** Of the throughput of the same route without sessions, in turns with it. */
  readonly share: Figure;
  readonly throughput: Figure;
  readonly appCpu: Figure;
  /** The same less that of the route without sessions, in turns with it: what sessions cost. */
  readonly sessionCpu: Figure;
  readonly serverCpu: Figure | undefined;
  /** Of the load's own process: with the server's, how busy the other cores were. */
  readonly loadCpu: Figure;
  readonly statements: Figure | undefined;
  readonly p50: Figure | undefined;
  readonly p99: Figure | undefined;
}

/**
 * Measures every route of every variant, round by round. A variant and the application without sessions that it is
 * measured against are under load in turns, half a second each, so that whatever else the machine does meets both.
 */
export async function measureRoutes(bench: Bench, say: (line: string) => void): Promise<RouteResult[]> {
  const { options } = bench;
  const variants = await bench.variants();
  const samples = new Map<string, Sample[]>();
  for (let round = 1; round <= options.rounds; round += 1) {
    say(`round ${round} of ${options.rounds}`);
    await bench.visit(variants, async (sites) => {
      for (const route of options.routes) {
        for (const site of sites) {
          say(`round ${round} of ${options.rounds}: ${route}, ${site.variant.name}`);
          const base = sites.find(({ variant }) => variant === baselineOf(site.variant))!;
          if (!options.smoke) await warmUp(bench, site, route);
          const name = nameOf(site.variant, route);
          samples.set(name, [...(samples.get(name) ?? []), await measureRoute(bench, site, base, route)]);
        }
      }
    });
  }
  return variants.flatMap((variant) =>
    options.routes.map((route) => resultOf(variant, route, samples.get(nameOf(variant, route))!)),
  );
}

/** Until it is compiled, and every session was seen within the last minute: while others were measured none was. */
async function warmUp({ options }: Bench, { app, cookies }: Site, route: Route): Promise<void> {
  await throughput(app.port, new Traffic(route, cookies), {
    ...options,
    seconds: Math.min(2, options.seconds),
  });
}

async function measureRoute({ options }: Bench, site: Site, base: Site, route: Route): Promise<Sample> {
  const { connections, seconds, rate } = options;
  const windows = Math.max(1, Math.round(seconds / WINDOW));
  const effort = { ...options, seconds: Math.min(WINDOW, seconds) };
  const loads: Load[] = [];
  const baseLoads: Load[] = [];
  for (let window = 0; window < windows; window += 1) {
    baseLoads.push(await loadOf(base, route, effort));
    if (site !== base) loads.push(await loadOf(site, route, effort));
  }
  const baseLoad = sum(baseLoads);
  const traffic = new Traffic(route, site.cookies);
  const latencies =
    rate > 0 ? await pacedLatencies(site.app.port, (connection) => connection.ask(traffic.next()), { rate, connections, seconds }) : undefined;
  return {
    own: site === base ? baseLoad : sum(loads),
    base: baseLoad,
    p50: latencies && percentile(latencies, 0.5),
    p99: latencies && percentile(latencies, 0.99),
  };
}

async function loadOf({ app, server, cookies }: Site, route: Route, effort: Effort): Promise<Load> {
  const traffic = new Traffic(route, cookies);
  const read = async () => [await app.cpu(), await server?.cpu(), await server?.statements()] as const;
  const before = await read();
  const cpuBefore = process.cpuUsage();
  const { requests, seconds } = await throughput(app.port, traffic, effort);
  const cpu = process.cpuUsage(cpuBefore);
  const after = await read();
  const spent = (index: 1 | 2): number | undefined => {
    const [from, to] = [before[index], after[index]];
    return from === undefined || to === undefined ? undefined : to - from;
  };
  return {
    requests,
    seconds,
    appCpu: after[0] - before[0],
    serverCpu: spent(1),
    loadCpu: cpu.user + cpu.system,
    statements: spent(2),
  };
}

function sum(loads: readonly Load[]): Load {
  return loads.reduce((one, other) => ({
    requests: one.requests + other.requests,
    seconds: one.seconds + other.seconds,
    appCpu: one.appCpu + other.appCpu,
    serverCpu: one.serverCpu === undefined ? undefined : one.serverCpu + other.serverCpu!,
    loadCpu: one.loadCpu + other.loadCpu,
    statements: one.statements === undefined ? undefined : one.statements + other.statements!,
  }));
}

function resultOf({ name, title }: Variant, route: Route, samples: readonly Sample[]): RouteResult {
  const figure = (valueOf: (sample: Sample) => number | undefined): Figure | undefined => {
    const values = samples.map(valueOf);
    return values.every((value) => value !== undefined) ? figureOf(values) : undefined;
  };
  const perRequest = (part: 'appCpu' | 'serverCpu' | 'loadCpu' | 'statements'): Figure | undefined =>
    figure(({ own }) => own[part] && own[part] / own.requests);
  return {
    variant: name,
    title,
    route,
    share: figureOf(samples.map(({ own, base }) => rateOf(own) / rateOf(base))),
    throughput: figureOf(samples.map(({ own }) => rateOf(own))),
    appCpu: perRequest('appCpu')!,
    sessionCpu: figureOf(
      samples.map(({ own, base }) => own.appCpu / own.requests - base.appCpu / base.requests),
    ),
    serverCpu: perRequest('serverCpu'),
    loadCpu: perRequest('loadCpu')!,
    statements: perRequest('statements'),
    p50: figure(({ p50 }) => p50),
    p99: figure(({ p99 }) => p99),
  };
}

function rateOf({ requests, seconds }: Load): number {
  return requests / seconds;
}

function nameOf({ name }: Variant, route: Route): string {
  return `${name} ${route}`;
}
