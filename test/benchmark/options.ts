import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Route, ROUTES } from './load/traffic.js';
import { baselineOf, type Variant, VARIANTS, withBefore, withSampleAdapter } from './variants.js';

/** The parts of the whole benchmark, and two that run for long and only where they are asked for. */
const USUAL_SCENARIOS = ['routes', 'latency', 'memory', 'pruning'] as const;
const SCENARIOS = [...USUAL_SCENARIOS, 'scale', 'soak'] as const;

type Scenario = (typeof SCENARIOS)[number];

/** What the scenario `scale` fills. */
const SCALE_STORES = ['postgres', 'postgres-unlogged', 'postgres-partitions', 'mariadb', 'redis'] as const;

export type ScaleStore = (typeof SCALE_STORES)[number];

/** What a run is to do. */
export interface BenchmarkOptions {
  /** Executables of Node.js for the applications: the one that runs this, and others. */
  readonly nodes: readonly string[];
  readonly variants: readonly Variant[];
  readonly routes: readonly Route[];
  readonly scenarios: readonly Scenario[];
  /** How often all variants are measured, each time in new processes. */
  readonly rounds: number;
  /** How long each single measurement is. */
  readonly seconds: number;
  /** Requests a second under a paced load. */
  readonly rate: number;
  readonly connections: number;
  /** Visitors who are logged in. */
  readonly sessions: number;
  /** Sessions in the scenario `memory`, expired rows in `pruning`. */
  readonly expired: number;
  readonly stores: readonly ScaleStore[];
  /** Rows in the scenario `scale`. */
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
export const RESULTS = 'test/benchmark/results';

/** The variants of the short table, at whose routes `--quick` looks. */
const QUICK = [
  ...['none', 'memory', 'least-memory', 'express-memory', 'postgres', 'least-postgres', 'pg-simple'],
  ...['redis', 'connect-redis', 'postgres-lazy', 'fastify-none', 'fastify-memory', 'fastify-postgres'],
];

export const USAGE = `npm run bench -- [options]

  --quick              the short table, in three minutes: ${QUICK.length} variants, one round of a second
  --node <paths>       other executables of Node.js to run the applications with, besides the one that runs this
  --only <names>       variants: ${VARIANTS.map(({ name }) => name).join(', ')}
  --routes <names>     ${ROUTES.join(', ')}
  --scenarios <names>  ${SCENARIOS.join(', ')};
                       without it all but the last two
  --rounds <n>         how often everything is measured, each time in new processes (3)
  --seconds <n>        how long each measurement is, in turns of a quarter of a second with what it is compared with (2)
  --rate <n>           requests a second under a paced load (500), and in "soak"
  --connections <n>    (64)
  --sessions <n>       visitors who are logged in (2000)
  --expired <n>        sessions in "memory" and expired rows in "pruning" (1000000)
  --stores <names>     for "scale": ${SCALE_STORES.join(', ')}
  --rows <n>           in "scale" (100000)
  --minutes <n>        of "soak" (30)
  --out <folder>       where results.json and speed.svg go; by default nowhere for a part of the benchmark, and for
                       all of it ${RESULTS}: then the chart goes to docs/images, and the
                       short table into docs/speed.md
  --node-flags <text>  for the application's process, such as "--cpu-prof --cpu-prof-dir=/tmp/profile"
  --before <checkout>  this package's variants also from another checkout, which is built; with ratios
  --sample-adapter     each variant of Express also on the adapter of sample/06-express-adapter
  --smoke              a few seconds: every variant answers, every figure is a number
  --help

All of it takes half an hour for each Node.js, and is of little use on a machine that is busy.
DATABASE_URL and REDIS_URL name servers to use instead of own ones. "scale" finds MariaDB by MYSQL_URL only.`;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

const GIVEN = {
  ...{ node: TEXT, only: TEXT, routes: TEXT, scenarios: TEXT, stores: TEXT, out: TEXT, before: TEXT },
  ...{
    rounds: TEXT,
    seconds: TEXT,
    rate: TEXT,
    connections: TEXT,
    sessions: TEXT,
    expired: TEXT,
    rows: TEXT,
  },
  ...{ minutes: TEXT, 'node-flags': TEXT },
  ...{ quick: FLAG, smoke: FLAG, 'sample-adapter': FLAG, help: FLAG },
};

/** Undefined when only the usage is wanted. @throws Error that names the option that is wrong. */
export function readOptions(args: readonly string[]): BenchmarkOptions | undefined {
  const { values } = parseArgs({ args: [...args], options: GIVEN });
  const { help, quick, smoke, before, 'sample-adapter': onSampleAdapter } = values;
  if (help) return undefined;
  const number = (name: string, given: string | undefined, usual: number, inSmoke = usual): number => {
    const value = given === undefined ? (smoke ? inSmoke : usual) : Number(given);
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0.`);
    return value;
  };
  const isPart =
    [values.only, values.routes, values.scenarios, before].some((value) => value !== undefined) ||
    [quick, smoke, onSampleAdapter].includes(true);
  // Whoever asks for certain variants or routes asks for nothing else.
  const routesOnly = quick || values.only !== undefined || values.routes !== undefined;
  return {
    nodes: [process.execPath, ...(values.node?.split(',').map((path) => resolve(path.trim())) ?? [])],
    variants: chooseVariants(values.only ?? (quick ? QUICK.join() : undefined), before, onSampleAdapter),
    routes: choose('routes', values.routes ?? (quick ? 'read,change' : undefined), ROUTES),
    scenarios:
      values.scenarios === undefined
        ? routesOnly
          ? ['routes']
          : USUAL_SCENARIOS
        : choose('scenarios', values.scenarios, SCENARIOS),
    rounds: number('rounds', values.rounds, quick ? 1 : 3, 1),
    seconds: number('seconds', values.seconds, quick ? 1 : 2, 0.1),
    rate: number('rate', values.rate, 500, 200),
    connections: number('connections', values.connections, 64, 8),
    sessions: number('sessions', values.sessions, 2000, 50),
    expired: number('expired', values.expired, 1_000_000, 2000),
    stores: choose('stores', values.stores, SCALE_STORES),
    rows: number('rows', values.rows, 100_000, 2000),
    minutes: number('minutes', values.minutes, 30, 1),
    smoke,
    // The results that the README shows are of the whole benchmark.
    out: values.out ?? (isPart ? undefined : RESULTS),
    nodeFlags: values['node-flags']?.split(' ').filter(Boolean) ?? [],
  };
}

/** With what the chosen ones are compared with. */
function chooseVariants(
  only: string | undefined,
  before: string | undefined,
  onSampleAdapter: boolean,
): readonly Variant[] {
  const names = choose(
    'only',
    only,
    VARIANTS.map(({ name }) => name),
  );
  const chosen = VARIANTS.filter(({ name }) => names.includes(name));
  const needed = VARIANTS.filter(
    (one) => chosen.includes(one) || chosen.some((other) => baselineOf(other) === one),
  );
  const all = onSampleAdapter ? withSampleAdapter(needed) : needed;
  return before === undefined ? all : withBefore(all, resolve(before));
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
