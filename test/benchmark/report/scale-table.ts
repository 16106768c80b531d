import type { Latency, ScaleResult } from '../scenarios/scale.js';
import { table } from './table.js';

const HEAD = ['', 'rows', 'bytes', 'read ms', 'change ms', 'list ms'];

const HEAD_OF_CALLS = ['in calls for 64', 'reads/s', 'CPU µs', 'changes/s', 'CPU µs', 'log bytes'];

const HEAD_OF_PRUNING = ['pruning', 'rows', 's', 'p99 before', 'during', 'vacuum s'];

const LEGEND =
  'bytes: a session, with all indexes; read, change, list: one call, p50 and p99\n' +
  "CPU, log bytes: the server's, for a session\n" +
  'pruning: under 100 reads and 100 changes a second, with their milliseconds';

/** One line a store. */
export function scaleTable(results: readonly ScaleResult[]): string {
  const both = ({ p50, p99 }: Latency): string => `${p50.toFixed(2)}/${p99.toFixed(1)}`;
  const sizes = results.map(({ title, rows, bytes, read, change, list }) => [
    title,
    String(rows),
    Object.values(bytes)
      .reduce((sum, part) => sum + part, 0)
      .toFixed(0),
    ...[read, change, list].map(both),
  ]);
  const calls = results.map(({ title, reads, changes }) => [
    title,
    ...[reads.perSecond, reads.cpu, changes.perSecond, changes.cpu, changes.logged].map(
      (figure) => figure?.toFixed(0) ?? 'n/a',
    ),
  ]);
  const prunings = results.flatMap(({ title, pruning, vacuumSeconds }) =>
    pruning === undefined
      ? []
      : [
          [
            title,
            String(pruning.rows),
            ...[pruning.seconds, pruning.before.p99, pruning.during.p99].map((figure) => figure.toFixed(1)),
            vacuumSeconds?.toFixed(1) ?? 'n/a',
          ],
        ],
  );
  const parts = results.map(
    ({ title, server, bytes, fillSeconds }) =>
      `${title}: filled in ${fillSeconds.toFixed(0)} s; bytes a session: ${Object.entries(bytes)
        .map(([name, size]) => `${name} ${size.toFixed(0)}`)
        .join(', ')}; ${server}`,
  );
  const tables = [table(HEAD, sizes), table(HEAD_OF_CALLS, calls), table(HEAD_OF_PRUNING, prunings)];
  return ['very many sessions', ...tables, parts.join('\n'), LEGEND].join('\n\n');
}
