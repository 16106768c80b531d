/** `npm run bench:chart`: chart and short table once more from the results that are there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RESULTS } from '../options.js';
import type { Machine } from './machine.js';
import { publish } from './publish.js';
import type { Results } from './results.js';

interface Written extends Results {
  readonly measured: { readonly at: string };
  readonly machine: Machine;
}

const folder = process.argv[2] ?? RESULTS;
const { measured, machine, routes } = JSON.parse(
  await readFile(join(folder, 'results.json'), 'utf8'),
) as Written;
if (routes === undefined) throw new Error(`${folder} has no results of routes.`);
await publish(folder, routes, machine, measured.at);
