import type { RouteResult } from '../scenarios/routes.js';
import { median, spread, table } from './table.js';

const HEAD = ['', 'session', 'app', 'server', 'statements', 'busy'];

const LEGEND =
  'session: microseconds of CPU a request that the app needs more than without sessions (half of all turns lie between)\n' +
  'app, server: all its microseconds of CPU a request; statements: for the store, a request\n' +
  'busy: how much of its core the app used; where that is little, it waited for the server or the load';

/** One table for each route and Node.js. */
export function routesTables(results: readonly RouteResult[]): string {
  const names = [...new Set(results.map(({ node, route }) => `${route}, Node.js ${node}`))].sort();
  const tables = names.map((name) => {
    const rows = results.filter(({ node, route }) => name === `${route}, Node.js ${node}`).map(rowOf);
    return `${name}\n${table(HEAD, rows)}`;
  });
  return [...tables, LEGEND].join('\n\n');
}

function rowOf({ title, session, app, server, statements, busy }: RouteResult): string[] {
  return [
    title,
    spread(session),
    ...[app, server].map((figure) => median(figure)),
    median(statements, 2),
    `${(busy.median * 100).toFixed(0)} %`,
  ];
}
