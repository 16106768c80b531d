/** `npm run bench`: how fast sessions are, peers and this package side by side. */
import { Bench } from './bench.js';
import { divideCores } from './measure/cores.js';
import { installIn } from './measure/running-app.js';
import { type BenchmarkOptions, readOptions, USAGE } from './options.js';
import { chart } from './report/chart.js';
import { busyNow, describeMachine } from './report/machine.js';
import { checkFigures, report, type Results, write } from './report/results.js';
import { measureLatency } from './scenarios/latency.js';
import { measureMemory } from './scenarios/memory.js';
import { measurePruning } from './scenarios/pruning.js';
import { measureScale } from './scenarios/scale.js';
import { measureSoak } from './scenarios/soak.js';
import { measureRoutes } from './scenarios/routes.js';

/** What goes on, apart from what comes of it. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function measure(bench: Bench): Promise<Results> {
  const asked = new Set(bench.options.scenarios);
  return {
    ...(asked.has('routes') && { routes: await measureRoutes(bench, say) }),
    ...(asked.has('latency') && { latency: await measureLatency(bench, say) }),
    ...(asked.has('memory') && { memory: await measureMemory(bench, say) }),
    ...(asked.has('pruning') && { pruning: await measurePruning(bench, say) }),
    ...(asked.has('soak') && { soak: await measureSoak(bench, say) }),
    ...(asked.has('scale') && { scale: await measureScale(bench, say) }),
  };
}

async function run(options: BenchmarkOptions): Promise<void> {
  const busyBefore = await busyNow();
  // Where there is no application, nothing needs a core of its own.
  const cores = options.scenarios.join() === 'scale' ? undefined : divideCores();
  for (const checkout of new Set(options.variants.map(({ from }) => from?.checkout)))
    if (checkout !== undefined) await installIn(checkout);
  const bench = new Bench(options, cores);
  // Applications end by themselves when their channel closes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void bench.stop().finally(() => process.exit(1)));
  }
  try {
    const results = await measure(bench);
    const servers = (await bench.servers()).map(({ description }) => description);
    const machine = describeMachine(cores, busyBefore, servers);
    checkFigures(results);
    if (results.routes)
      checkFigures(/NaN|Infinity|undefined/.test(chart(results.routes, machine)) ? NaN : 0, 'chart');
    console.log(report(results, machine, options));
    if (options.out !== undefined) await write(options.out, results, machine, options);
  } finally {
    await bench.stop();
  }
}

const options = readOptions(process.argv.slice(2));
if (options === undefined) console.log(USAGE);
else await run(options);
