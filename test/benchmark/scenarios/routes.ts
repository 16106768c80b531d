import type { Bench, Site } from '../bench.js';
import { saturate } from '../load/saturated.js';
import { type Route, Traffic } from '../load/traffic.js';
import { type Figure, figureOf } from '../measure/statistics.js';
import { baselineOf } from '../variants.js';

/** Seconds of load at a time: whatever else a machine does changes from one second to the next. */
const WINDOW = 0.25;

/** Seconds of load before a route is measured: until V8 has compiled it. With less, the compiler is most of the figure. */
const WARM_UP = 1.25;

/** Seconds of load before each turn, which do not count: the processor's caches hold what ran before. */
const LEAD = 0.1;

/** What a request cost under some load. */
interface Cost {
  /** Microseconds of the application's CPU. */
  readonly app: number;
  /** Of the store's server. */
  readonly server: number | undefined;
  /** For the store. */
  readonly statements: number | undefined;
  /** The share of its core that the application used. */
  readonly busy: number;
}

/** What came of a route over all turns of all rounds. */
export interface RouteResult {
  /** Its version. */
  readonly node: string;
  readonly variant: string;
  readonly title: string;
  readonly route: Route;
  /** Microseconds of the application's CPU a request, less those of the same route without sessions in the same turn. */
  readonly session: Figure;
  /** The same with the route itself. */
  readonly app: Figure;
  readonly server: Figure | undefined;
  readonly statements: Figure | undefined;
  readonly busy: Figure;
}

/**
 * Measures every route of every variant, round by round. The application without sessions, a variant and, where there is
 * one, the same variant of another checkout are under load in turns, so that whatever else the machine does meets all.
 */
export async function measureRoutes(bench: Bench, say: (line: string) => void): Promise<RouteResult[]> {
  const { options } = bench;
  const variants = await bench.available(options.variants);
  const results = new Map<string, RouteCosts>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const node of options.nodes) {
      await bench.visit(
        variants,
        async (sites) => {
          for (const [base, ...group] of groupsOf(sites)) {
            for (const route of group[0]?.variant.routes ?? options.routes) {
              const names = group.map(({ variant }) => variant.name).join(', ');
              say(`round ${round} of ${options.rounds}, ${base!.app.version}: ${route}, ${names}`);
              await measureTurns(bench, route, base!, group, results);
            }
          }
        },
        { node },
      );
    }
  }
  return [...results.values()].map((costs) => costs.result());
}

/** Each variant behind what it is compared with, and with the same of another checkout. */
function groupsOf(sites: readonly Site[]): Site[][] {
  return sites
    .filter(({ variant }) => variant.from === undefined && baselineOf(variant) !== variant)
    .map((site) => [
      sites.find(({ variant }) => variant === baselineOf(site.variant))!,
      ...sites.filter(({ variant }) => variant.from?.name === site.variant.name),
      site,
    ]);
}

async function measureTurns(
  { options }: Bench,
  route: Route,
  base: Site,
  group: readonly Site[],
  results: Map<string, RouteCosts>,
): Promise<void> {
  const { connections, seconds } = options;
  const effort = { connections, seconds: Math.min(WINDOW, seconds) };
  // Until it is compiled, and every session was seen within the last minute: while others were measured none was.
  if (!options.smoke)
    for (const site of [base, ...group]) await costOf(site, route, { connections, seconds: WARM_UP });
  const turns = Math.max(1, Math.round(seconds / WINDOW));
  for (let turn = 0; turn < turns; turn += 1) {
    const least = await costOf(base, route, effort);
    for (const site of group) {
      const name = [site.app.version, site.variant.name, route].join(' ');
      const costs = results.get(name) ?? new RouteCosts(site, route);
      results.set(name, costs);
      costs.add(await costOf(site, route, effort), least);
    }
  }
}

async function costOf(
  { app, server, cookies }: Site,
  route: Route,
  effort: { readonly connections: number; readonly seconds: number },
): Promise<Cost> {
  const traffic = new Traffic(route, cookies);
  const read = async () => [await app.cpu(), await server?.cpu(), await server?.statements()] as const;
  await saturate(app.port, () => traffic.next(), { ...effort, seconds: LEAD });
  const before = await read();
  const start = performance.now();
  const requests = await saturate(app.port, () => traffic.next(), effort);
  const microseconds = (performance.now() - start) * 1000;
  const after = await read();
  const spent = (index: 0 | 1 | 2): number | undefined => {
    const [from, to] = [before[index], after[index]];
    return from === undefined || to === undefined ? undefined : (to - from) / requests;
  };
  const cpu = spent(0)!;
  return { app: cpu, server: spent(1), statements: spent(2), busy: (cpu * requests) / microseconds };
}

/** The costs of one route of one variant, turn by turn. */
class RouteCosts {
  readonly #own: Cost[] = [];
  readonly #differences: number[] = [];

  constructor(
    private readonly site: Site,
    private readonly route: Route,
  ) {}

  add(own: Cost, base: Cost): void {
    this.#own.push(own);
    this.#differences.push(own.app - base.app);
  }

  result(): RouteResult {
    const { variant, app } = this.site;
    const figure = (part: keyof Cost): Figure | undefined => {
      const values = this.#own.map((cost) => cost[part]);
      return values.every((value) => value !== undefined) ? figureOf(values) : undefined;
    };
    return {
      node: app.version,
      variant: variant.name,
      title: variant.title,
      route: this.route,
      session: figureOf(this.#differences),
      app: figure('app')!,
      server: figure('server'),
      statements: figure('statements'),
      busy: figure('busy')!,
    };
  }
}
