import { describe, expect, it } from '@jest/globals';
import type { RouteResult } from '../scenarios/routes.js';
import { variantNamed } from '../variants.js';
import { chart } from './chart.js';
import type { Machine } from './machine.js';
import { withTable } from './publish.js';
import { checkFigures } from './results.js';
import { shortTable } from './short-table.js';
import { table } from './table.js';
import { verdicts } from './verdict.js';

const MACHINE: Machine = {
  cpu: 'CPU <9> & "more"',
  cores: 2,
  pinned: undefined,
  memoryGiB: 8,
  system: 'System 1',
  node: 'v20.19.0',
  busyBefore: 0,
  servers: [],
  versions: {},
};

function result(
  variant: string,
  route: RouteResult['route'],
  [low, median, high]: readonly [number, number, number],
  node = 'v24.1.0',
): RouteResult {
  const one = { low: 1, median: 1, high: 1 };
  return {
    node,
    variant,
    title: variantNamed(variant.replace('@before', '')).title,
    route,
    session: { low, median, high },
    app: one,
    server: undefined,
    statements: undefined,
    busy: one,
  };
}

describe('verdicts', () => {
  const own = result('memory', 'read', [7, 8, 9]);
  const against = (...figures: [number, number, number]): string[] =>
    verdicts([own, result('express-memory', 'read', figures)]);

  it('says how much of a peer it costs, and that it is less where no quartiles overlap', () => {
    expect(against(70, 80, 90)).toEqual([
      'less read, Node.js v24.1.0: nest-session, memory costs 0.10 of express-session, memory',
    ]);
    expect(against(2, 4, 6)[0]).toMatch(/^MORE read.* costs 2\.00 of/);
  });

  it('says that it is the same where they do', () => {
    expect(against(9, 10, 11)[0]).toMatch(/^same/);
    expect(against(5, 6, 7)[0]).toMatch(/^same/);
  });

  it('compares with the same variant of another checkout', () => {
    expect(verdicts([result('memory@before', 'read', [10, 16, 20]), own])).toEqual([
      'less read, Node.js v24.1.0: nest-session, memory costs 0.50 of nest-session, memory',
    ]);
  });

  it('compares the same route, Node.js, adapter and place alone', () => {
    const others = [
      result('express-memory', 'change', [1, 1, 1]),
      result('express-memory', 'read', [1, 1, 1], 'v26.1.0'),
      result('fastify-session', 'read', [1, 1, 1]),
      result('pg-simple', 'read', [1, 1, 1]),
      result('least-memory', 'read', [1, 1, 1]),
    ];
    expect(verdicts([own, ...others])).toEqual([]);
  });
});

describe('shortTable', () => {
  it('has what sessions cost beside a hand-written least and the peer, for each Node.js', () => {
    const both = (name: string, read: number, change: number): RouteResult[] => [
      result(name, 'read', [read, read, read]),
      result(name, 'change', [change, change, change]),
    ];
    const results = [
      ...both('memory', 5, 29.4),
      ...both('least-memory', 1, 2),
      ...both('express-memory', 93, 95),
      result('postgres-lazy', 'none', [2, 2, 2]),
      result('memory', 'read', [6, 6, 6], 'v26.1.0'),
    ];
    const text = shortTable(results);
    expect(text).toContain('| memory | 5 | 29 | 1, 2 | 93, 95 |\n| PostgreSQL, lazy, not used | 2 |');
    expect(text.slice(text.indexOf('v26.1.0'))).toContain('| memory | 6 |');
    expect(text).not.toContain('Redis');
  });
});

describe('chart', () => {
  const svg = chart(
    [result('memory', 'read', [4, 5, 10]), result('memory', 'change', [-3, -1, 1], 'v26.1.0')],
    MACHINE,
  );
  const widthsOf = (route: string): string[] =>
    [...svg.matchAll(new RegExp(`<rect class="own ${route}"[^>]* width="([\\d.]+)"`, 'g'))].map(
      ([, width]) => width!,
    );

  it('has a bar as long as the cost, and none for less than nothing', () => {
    expect(widthsOf('read')).toEqual(['230']);
    expect(widthsOf('change')).toEqual(['0']);
    expect(svg).toContain('5 µs');
  });

  it('names each Node.js', () => {
    expect(svg).toMatch(/Node\.js v24\.1\.0.*Node\.js v26\.1\.0/s);
  });

  it('is readable on a dark page, and escapes what it is told', () => {
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('CPU &#60;9&#62; &#38; &#34;more&#34;');
  });
});

describe('withTable', () => {
  const page = (text: string): string =>
    `above\n<!-- the short table: npm run bench writes it -->\n\n${text}\n\n<!-- end of the short table -->\nbelow\n`;

  it('replaces what stands between the two lines', () => {
    expect(withTable(page('old'), 'new')).toBe(page('new'));
    expect(() => withTable('no place', 'new')).toThrow('docs/speed.md lacks the lines');
  });
});

describe('table', () => {
  it('has columns as wide as what is in them', () => {
    expect(
      table(
        ['', 'a'],
        [
          ['name', '100'],
          ['n', '1'],
        ],
      ),
    ).toBe('        a\n----  ---\nname  100\nn       1');
  });
});

describe('checkFigures', () => {
  it('names the figure that is none', () => {
    expect(() => checkFigures({ latency: [{ p99: 1 }, { p99: NaN }] })).toThrow(
      'results.latency.1.p99 is NaN',
    );
    expect(() => checkFigures({ latency: [{ p99: 1, p50: undefined }] })).not.toThrow();
  });
});
