import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Route, ROUTES } from './load/traffic.js';
import { baselineOf, type Variant, VARIANTS, withBefore, withSampleAdapter } from './variants.js';

/** The parts of the benchmark besides the routes. */
export const SCENARIOS = ['routes', 'lone', 'memory', 'pruning', 'growth', 'soak'] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** What a run is to do. */
export interface BenchmarkOptions {
  readonly variants: readonly Variant[];
  readonly routes: readonly Route[];
  readonly scenarios: readonly Scenario[];
  /** How often all variants are measured, each time in new processes. */
  readonly rounds: number;
  /** How long each single measurement is. */
  readonly seconds: number;
  /** Requests a second where latency is measured; 0 leaves that out. */
  readonly rate: number;
  readonly connections: number;
  /** Visitors who are logged in. */
  readonly sessions: number;
  /** Sessions in the scenario `memory`, expired rows in `pruning`. */
  readonly scale: number;
  /** The most rows in the scenario `growth`. */
  readonly rows: number;
  /** How long the scenario `soak` is. */
  readonly minutes: number;
  readonly smoke: boolean;
  /** The folder for results, or undefined to only print them. */
  readonly out: string | undefined;
  /** Flags of Node.js for the process of the application, such as `--cpu-prof`. */
  readonly nodeFlags: readonly string[];
}

/** From where `npm run bench` runs. */
const RESULTS = 'test/benchmark/results';

/** The chart of the whole benchmark stands where the README and the docs show it. */
export function chartFolderFor(out: string): string {
  return out === RESULTS ? 'docs/images' : out;
}

export const USAGE = `npm run bench -- [options]

  --only <names>       variants: ${VARIANTS.map(({ name }) => name).join(', ')}
  --routes <names>     ${ROUTES.join(', ')}
  --scenarios <names>  ${SCENARIOS.join(', ')}
  --rounds <n>         how often everything is measured, each time in new processes (3)
  --seconds <n>        how long each measurement is, in turns of half a second with what it is compared with (2)
  --rate <n>           requests a second where latency is measured, 0 for none (500)
  --connections <n>    (64)
  --sessions <n>       visitors who are logged in (2000)
  --scale <n>          sessions in "memory" and expired rows in "pruning" (1000000)
  --rows <n>           the most rows in "growth", from 10000 in steps of ten times (1000000)
  --out <folder>       where results.json and speed.svg go; by default ${RESULTS} and
                       docs/images for the whole benchmark, and nowhere for a part of it
  --node-flags <text>  for the application's process, such as "--cpu-prof --cpu-prof-dir=/tmp/profile"
  --before <checkout>  this package's variants also from another checkout, built and with its benchmark compiled
  --sample-adapter     each variant of Express also on the adapter of sample/06-express-adapter
  --smoke              a few seconds: every variant answers, every figure is a number
  --help

All of it takes about three quarters of an hour, and is of little use on a machine that is busy.
DATABASE_URL and REDIS_URL name servers to use instead of own ones.`;

/** Undefined when only the usage is wanted. @throws Error that names the option that is wrong. */
export function readOptions(args: readonly string[]): BenchmarkOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ only: text, routes: text, scenarios: text, rounds: text, seconds: text, rate: text },
      ...{
        connections: text,
        sessions: text,
        scale: text,
        rows: text,
        minutes: text,
        out: text,
        before: text,
        'node-flags': text,
      },
      smoke: { type: 'boolean', default: false },
      'sample-adapter': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { smoke } = values;
  const number = (name: string, given: string | undefined, usual: number, inSmoke = usual): number => {
    if (given === undefined) return smoke ? inSmoke : usual;
    const value = Number(given);
    if (!(value > 0 || (value === 0 && name === 'rate')))
      throw new Error(`--${name} must be a number above 0.`);
    return value;
  };
  const names = VARIANTS.map(({ name }) => name);
  const only = choose('only', values.only, names);
  const chosen = VARIANTS.filter(({ name }) => only.includes(name));
  const { only: some, routes, scenarios, before } = values;
  const onSampleAdapter = values['sample-adapter'];
  const whole =
    !smoke && !onSampleAdapter && [some, routes, scenarios, before].every((value) => value === undefined);
  // Shares need what they are of.
  const needed = VARIANTS.filter(
    (one) => chosen.includes(one) || chosen.some((other) => baselineOf(other) === one),
  );
  const all = onSampleAdapter ? withSampleAdapter(needed) : needed;
  return {
    variants: values.before === undefined ? all : withBefore(all, resolve(values.before)),
    routes: choose('routes', values.routes, ROUTES),
    // Whoever asks for certain variants or routes asks for nothing else.
    scenarios: choose(
      'scenarios',
      values.scenarios ?? ((values.only ?? values.routes) ? 'routes' : undefined),
      SCENARIOS,
    ),
    rounds: number('rounds', values.rounds, 3, 1),
    seconds: number('seconds', values.seconds, 2, 0.1),
    rate: number('rate', values.rate, 500, 200),
    connections: number('connections', values.connections, 64, 8),
    sessions: number('sessions', values.sessions, 2000, 50),
    scale: number('scale', values.scale, 1_000_000, 2000),
    rows: number('rows', values.rows, 1_000_000, 10_000),
    minutes: number('minutes', values.minutes, 30, 1),
    smoke,
    // The results that the README shows are of the whole benchmark.
    out: values.out ?? (whole ? RESULTS : undefined),
    nodeFlags: values['node-flags']?.split(' ').filter(Boolean) ?? [],
  };
}

function choose<Name extends string>(
  option: string,
  given: string | undefined,
  all: readonly Name[],
): readonly Name[] {
  if (given === undefined) return all;
  const chosen = given.split(',').map((name) => name.trim());
  const unknown = chosen.find((name) => !(all as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`--${option} knows no "${unknown}", only ${all.join(', ')}.`);
  return all.filter((name) => chosen.includes(name));
}
