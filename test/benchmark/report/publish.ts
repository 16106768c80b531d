import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RESULTS } from '../options.js';
import type { RouteResult } from '../scenarios/routes.js';
import { chart } from './chart.js';
import { type Machine, machineLines } from './machine.js';
import { shortTable } from './short-table.js';

/** The page whose table is replaced, between these two lines. */
const PAGE = 'docs/speed.md';
const [BEGIN, END] = ['<!-- the short table: npm run bench writes it -->', '<!-- end of the short table -->'];

/** Draws the chart into `folder`. Of the results that the docs show, chart and short table go to where they are shown. */
export async function publish(
  folder: string,
  routes: readonly RouteResult[],
  machine: Machine,
  measuredAt: string,
): Promise<void> {
  const isShown = folder === RESULTS;
  await writeFile(join(isShown ? 'docs/images' : folder, 'speed.svg'), chart(routes, machine));
  if (!isShown) return;
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, withTable(page, [shortTable(routes), notes(machine, measuredAt)].join('\n\n')));
}

/** @throws Error when the page has no place for the table. */
export function withTable(page: string, text: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${PAGE} lacks the lines "${BEGIN}" and "${END}".`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${text}\n\n${page.slice(to)}`;
}

function notes(machine: Machine, measuredAt: string): string {
  return `Measured on ${measuredAt.slice(0, 10)}. ${machineLines(machine).join('. ')}.`;
}
