import type { RouteResult } from '../scenarios/routes.js';
import { median, share, table } from './table.js';

const HEAD = [
  '',
  'share',
  'requests/s',
  'app',
  'busy',
  'session',
  'server',
  'load',
  'statements',
  'p50 ms',
  'p99 ms',
];

const LEGEND =
  'share: of the throughput of the same route without sessions (least and most of all rounds)\n' +
  'app, session, server, load: microseconds of CPU a request (session: what the app needs more than without)\n' +
  'busy: how much of its core the app used; where that is little, it waited for the server or the load\n' +
  'statements: for the store, a request';

/** One table for each route. */
export function routesTables(results: readonly RouteResult[]): string {
  const routes = [...new Set(results.map(({ route }) => route))];
  const tables = routes.map((route) => {
    const rows = results.filter((result) => result.route === route).map(rowOf);
    return `${route}\n${table(HEAD, rows)}`;
  });
  return [...tables, LEGEND].join('\n\n');
}

function rowOf(result: RouteResult): string[] {
  const { title, throughput, appCpu, sessionCpu, serverCpu, loadCpu, statements, p50, p99 } = result;
  return [
    title,
    share(result.share),
    ...[throughput, appCpu].map((figure) => median(figure)),
    `${((throughput.median * appCpu.median) / 1e4).toFixed(0)} %`,
    ...[sessionCpu, serverCpu, loadCpu].map((figure) => median(figure)),
    ...[statements, p50, p99].map((figure) => median(figure, 2)),
  ];
}
