import type { Figure } from '../measure/statistics.js';

/** Columns as wide as what is in them; the first to the left, all others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** The median, as many digits as are worth reading; `n/a` where it could not be measured. */
export function median(figure: Figure | undefined, digits = 0): string {
  return figure ? figure.median.toFixed(digits) : 'n/a';
}

/** The median, and in brackets the quartiles. */
export function spread({ median: middle, low, high }: Figure): string {
  return `${middle.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
}
