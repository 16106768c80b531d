import { type Machine, machineLines } from './machine.js';
import type { RouteResult } from '../scenarios/routes.js';

const WIDTH = 860;
const LEFT = 330; // where bars begin
const BAR = 11;
const GAP = 3;
const ROW = 2 * BAR + GAP + 12;
const TOP = 74;
const FULL = WIDTH - LEFT - 110; // 100 %, or the most that was reached

/** Colours that can be told apart on white and on black; the page's own scheme decides which. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .note { font-size: 10.5px; fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .spread { stroke: #1f2328 }
  .peer { fill: #8c959f } .peer.change { fill: #c4cbd2 }
  .own { fill: #0969da } .own.change { fill: #80b8f5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .spread { stroke: #f0f6fc }
    .peer { fill: #9198a1 } .peer.change { fill: #59616b }
    .own { fill: #4493f8 } .own.change { fill: #1f4f8f }
  }`;

/** Routes that get a bar, in the order in which they stand below each other. */
const SHOWN = ['read', 'change'] as const;

/**
 * The chart that the README shows: for every variant how much of the throughput of the same route without sessions it
 * reaches, reading and changing the session, with the least and the most of all rounds as a thin line.
 */
export function chart(results: readonly RouteResult[], machine: Machine): string {
  const variants = [...new Set(results.map(({ variant }) => variant))].filter(
    (name) => !name.endsWith('none'),
  );
  const shown = results.filter(({ route }) => (SHOWN as readonly string[]).includes(route));
  const most = Math.max(1, ...shown.map(({ share }) => share.max));
  const bars = variants.map((name, index) => rowOf(results, name, TOP + index * ROW, FULL / most)).join('');
  const bottom = TOP + variants.length * ROW;
  const step = most > 1 ? 100 : 25;
  const grid = Array.from({ length: Math.floor((most * 100) / step) + 1 }, (_, index) =>
    gridLine(index * step, bottom, FULL / most),
  ).join('');
  const notes = machineLines(machine)
    .map((line, index) => text(16, bottom + 38 + index * 16, line, 'note'))
    .join('');
  const height = bottom + 78;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Throughput with sessions, as a share of the same route without">` +
    `<style>${STYLE}\n</style>` +
    text(16, 26, 'Throughput with sessions, as a share of the same route without', 'title') +
    text(
      16,
      48,
      'Upper bar: reads the session. Lower bar: changes it. Line: the least and the most of all rounds.',
      'note',
    ) +
    `${grid}${bars}${notes}</svg>\n`
  );
}

/** @param full - How long 100 % is. */
function rowOf(results: readonly RouteResult[], variant: string, y: number, full: number): string {
  const own = results.filter((result) => result.variant === variant);
  const title = own[0]!.title;
  const side = title.includes('nest-session') ? 'own' : 'peer';
  const bars = SHOWN.flatMap((route, index) => {
    const share = own.find((result) => result.route === route)?.share;
    if (share === undefined) return [];
    const top = y + index * (BAR + GAP);
    const middle = top + BAR / 2;
    return [
      `<rect class="${side} ${route}" x="${LEFT}" y="${top}" width="${round(share.median * full)}" height="${BAR}" rx="2"/>`,
      `<path class="spread" d="M${round(LEFT + share.min * full)} ${middle}H${round(LEFT + share.max * full)}"/>`,
      text(round(LEFT + share.max * full) + 6, top + BAR - 1, `${(share.median * 100).toFixed(0)} %`, 'note'),
    ];
  });
  return text(LEFT - 10, y + BAR + 6, title, '', 'end') + bars.join('');
}

function gridLine(percent: number, bottom: number, full: number): string {
  const x = round(LEFT + (percent / 100) * full);
  const label = text(x, bottom + 12, `${percent} %`, 'note', 'middle');
  return `<path class="grid" d="M${x} ${TOP - 8}V${bottom}"/>${label}`;
}

function text(x: number, y: number, content: string, className: string, anchor = 'start'): string {
  const style = className && ` class="${className}"`;
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${style}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
