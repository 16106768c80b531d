// npm run test:servers [-- [--skip-missing] [--results <folder>] <part> …]: the package with servers and runtimes that not every
// machine has. `--results`: Jest's results of each part, as <part>.json.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Part, Stage, type Trial, Unavailable } from './part.js';
import { stop } from './support/programs.js';
import { PARTS } from './parts/index.js';

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=NEST_SESSION',
];

interface Outcome {
  readonly name: string;
  readonly says: string;
  readonly failed: boolean;
}

/** Parts by their name, or by the beginning of it that ends at a hyphen: `postgres` is `postgres-15` and the others. */
function partsOf(words: readonly string[]): readonly Part[] {
  if (words.length === 0) return PARTS;
  return words.flatMap((word) => {
    const found = PARTS.filter(({ name }) => name === word || name.startsWith(`${word}-`));
    if (found.length > 0) return found;
    throw new Error(`There is no part "${word}". There are: ${PARTS.map(({ name }) => name).join(', ')}.`);
  });
}

async function tryPart(part: Part, mayMiss: boolean, folder?: string): Promise<Outcome> {
  const begun = Date.now();
  const stage = new Stage();
  end = () => stage.close();
  const { name } = part;
  console.log(`\n${name} …`);
  try {
    const trial = await part.start(stage);
    console.log(`${name}: ${trial.versions}`);
    const results = join(folder ?? (await stage.folder()), `${name}.json`);
    const { passed, failed } = await runJest(trial, stage, results);
    const seconds = Math.round((Date.now() - begun) / 1_000);
    const says = `${passed} passed, ${failed} failed, ${seconds} s: ${trial.versions}`;
    return { name, says, failed: failed > 0 || passed === 0 };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    const isMissing = mayMiss && error instanceof Unavailable;
    console.error(says);
    return { name, says: `${isMissing ? 'skipped' : 'FAILED'}: ${says.split('\n')[0]}`, failed: !isMissing };
  } finally {
    await stage.close();
  }
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** A file that could not run counts as one failure. */
async function runJest({ env, tests, only }: Trial, stage: Stage, results: string): Promise<Count> {
  const config = ['--config', 'test/servers/jest.config.mjs'];
  const args = [...config, '--json', `--outputFile=${results}`, ...(only ? ['-t', only] : []), ...tests];
  const child = spawn(process.execPath, [...JEST, 'node_modules/jest/bin/jest.js', ...args], {
    env: { ...process.env, TEST_SCOPE: 'all', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  stage.atEnd(() => stop(child));
  await once(child, 'exit');
  const found = JSON.parse(await readFile(results, 'utf8')) as Record<string, unknown>;
  const count = (key: string): number => found[key] as number;
  return {
    passed: count('numPassedTests'),
    failed: count('numFailedTests') + count('numRuntimeErrorTestSuites'),
  };
}

/** What runs is ended with this program. */
let end = (): Promise<unknown> => Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().finally(() => process.exit(1)));

const { values, positionals } = parseArgs({
  options: { 'skip-missing': { type: 'boolean', default: false }, results: { type: 'string' } },
  allowPositionals: true,
});
const outcomes: Outcome[] = [];
for (const part of partsOf(positionals))
  outcomes.push(await tryPart(part, values['skip-missing'], values.results));
console.log(`\n${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}`);
const width = Math.max(...outcomes.map(({ name }) => name.length));
for (const { name, says } of outcomes) console.log(`${name.padEnd(width)}  ${says}`);
process.exitCode = outcomes.some(({ failed }) => failed) ? 1 : 0;
