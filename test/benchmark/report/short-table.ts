import type { RouteResult } from '../scenarios/routes.js';

/** The columns for Express, for each line the variants of this package, of a hand-written least, and of a peer. */
const LINES = [
  ['memory', 'memory', 'least-memory', 'express-memory'],
  ['PostgreSQL', 'postgres', 'least-postgres', 'pg-simple'],
  ['Redis', 'redis', undefined, 'connect-redis'],
  ['Fastify, memory', 'fastify-memory', undefined, 'fastify-session'],
  ['Fastify, PostgreSQL', 'fastify-postgres', undefined, 'fastify-session-pg-simple'],
] as const;

const HEAD = ['', 'read', 'change', 'a hand-written least', 'express-session or @fastify/session'];

/** A table in Markdown: microseconds of the application's CPU a request, with the bare route taken off. */
export function shortTable(results: readonly RouteResult[]): string {
  const nodes = [...new Set(results.map(({ node }) => node))];
  return nodes
    .map((node) => {
      const valueOf = (variant: string | undefined, route: RouteResult['route']): string | undefined =>
        results
          .find((result) => result.node === node && result.variant === variant && result.route === route)
          ?.session.median.toFixed(0);
      const both = (variant: string | undefined): string => {
        const values = [valueOf(variant, 'read'), valueOf(variant, 'change')];
        return values.includes(undefined) ? '' : values.join(', ');
      };
      const rows = LINES.filter(([, own]) => valueOf(own, 'read') !== undefined).map(
        ([title, own, least, peer]) => [
          title,
          valueOf(own, 'read')!,
          valueOf(own, 'change') ?? '',
          both(least),
          both(peer),
        ],
      );
      const lazy = valueOf('postgres-lazy', 'none');
      if (lazy !== undefined) rows.push(['PostgreSQL, lazy, not used', lazy, '', '', '']);
      const [head, ...lines] = [HEAD, ...rows].map((row) => `| ${row.join(' | ')} |`);
      const rule = `|${'---|'.repeat(HEAD.length)}`;
      return `Microseconds of CPU a request, the bare route taken off, Node.js ${node}\n\n${[head, rule, ...lines].join('\n')}`;
    })
    .join('\n\n');
}
