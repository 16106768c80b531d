import type { RouteResult } from '../scenarios/routes.js';
import { type Machine, machineLines } from './machine.js';

const WIDTH = 860;
const LEFT = 330; // where bars begin
const BAR = 11;
const GAP = 3;
const ROW = 2 * BAR + GAP + 12;
const HEADING = 30;
const TOP = 74;
const FULL = WIDTH - LEFT - 70; // the most that was measured

/** Colours that can be told apart on white and on black; the page's own scheme decides which. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .heading { font-weight: 600 }
  .note { font-size: 10.5px; fill: #59636e }
  .spread { stroke: #1f2328 }
  .peer { fill: #8c959f } .peer.change { fill: #c4cbd2 }
  .own { fill: #0969da } .own.change { fill: #80b8f5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .spread { stroke: #f0f6fc }
    .peer { fill: #9198a1 } .peer.change { fill: #59616b }
    .own { fill: #4493f8 } .own.change { fill: #1f4f8f }
  }`;

/** Routes that get a bar, in the order in which they stand below each other. */
const SHOWN: readonly string[] = ['read', 'change'] satisfies RouteResult['route'][];

const TITLE = 'Microseconds of CPU that a session adds to a request (shorter is better)';

/**
 * The chart that the README shows: for every Node.js and every variant what a session adds to a request that reads it and
 * to one that changes it, with the quartiles of all turns as a thin line.
 */
export function chart(results: readonly RouteResult[], machine: Machine): string {
  const shown = results.filter(({ route }) => SHOWN.includes(route));
  const scale = FULL / Math.max(1, ...shown.map(({ session }) => session.high));
  let y = TOP;
  const sections = [...new Set(shown.map(({ node }) => node))].map((node) => {
    const here = shown.filter((result) => result.node === node);
    const heading = text(16, y + 4, `Node.js ${node}`, 'heading');
    y += HEADING - BAR;
    const rows = [...new Set(here.map(({ variant }) => variant))].map((variant) => {
      const row = rowOf(
        here.filter((result) => result.variant === variant),
        y,
        scale,
      );
      y += ROW;
      return row;
    });
    y += HEADING - ROW / 2;
    return heading + rows.join('');
  });
  const notes = machineLines(machine)
    .map((line, index) => text(16, y + 10 + index * 16, line, 'note'))
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 50}" role="img" aria-label="${TITLE}">` +
    `<style>${STYLE}\n</style>` +
    text(16, 26, TITLE, 'title') +
    text(16, 48, 'Upper bar: reads the session. Lower bar: changes it. Line: half of all turns.', 'note') +
    `${sections.join('')}${notes}</svg>\n`
  );
}

/** @param scale - How long a microsecond is. */
function rowOf(results: readonly RouteResult[], y: number, scale: number): string {
  const { title } = results[0]!;
  const side = title.includes('nest-session') ? 'own' : 'peer';
  // Less than nothing is within the noise of the measurement.
  const length = (microseconds: number): number => round(Math.max(0, microseconds) * scale);
  const bars = SHOWN.flatMap((route, index) => {
    const session = results.find((result) => result.route === route)?.session;
    if (session === undefined) return [];
    const top = y + index * (BAR + GAP);
    const [low, high] = [LEFT + length(session.low), LEFT + length(session.high)].map(round);
    return [
      `<rect class="${side} ${route}" x="${LEFT}" y="${top}" width="${length(session.median)}" height="${BAR}" rx="2"/>`,
      `<path class="spread" d="M${low} ${top + BAR / 2}H${high}"/>`,
      text(high! + 6, top + BAR - 1, `${session.median.toFixed(0)} µs`, 'note'),
    ];
  });
  return text(LEFT - 10, y + BAR + 6, title, '', 'end') + bars.join('');
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
