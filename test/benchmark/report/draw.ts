/** `npm run bench:chart`: draws the chart once more from the results that are there. */
import { readFile, writeFile } from 'node:fs/promises';
import { chartFolderFor, RESULTS } from '../options.js';
import { chart } from './chart.js';
import type { Machine } from './machine.js';
import type { Results } from './results.js';
import { shortTable } from './short-table.js';

const folder = process.argv[2] ?? RESULTS;
const text = await readFile(`${folder}/results.json`, 'utf8');
const { machine, routes = [] } = JSON.parse(text) as Results & { readonly machine: Machine };
await writeFile(`${chartFolderFor(folder)}/speed.svg`, chart(routes, machine));
console.log(shortTable(routes));
