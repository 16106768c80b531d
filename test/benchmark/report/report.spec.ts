import { describe, expect, it } from '@jest/globals';
import type { Figure } from '../measure/statistics.js';
import type { RouteResult } from '../scenarios/routes.js';
import { variantNamed } from '../variants.js';
import { chart } from './chart.js';
import type { Machine } from './machine.js';
import { checkFigures } from './results.js';
import { table } from './table.js';
import { verdicts } from './verdict.js';

const one: Figure = { median: 1, min: 1, max: 1 };

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
  min: number,
  median: number,
  max: number,
): RouteResult {
  return {
    variant,
    title: variantNamed(variant).title,
    route,
    share: { min, median, max },
    throughput: one,
    appCpu: one,
    sessionCpu: one,
    serverCpu: undefined,
    loadCpu: one,
    statements: undefined,
    p50: undefined,
    p99: undefined,
  };
}

describe('verdicts', () => {
  const against = (min: number, median: number, max: number): string[] =>
    verdicts([result('memory', 'read', 0.7, 0.8, 0.9), result('express-memory', 'read', min, median, max)]);

  it('says who won where no round of one was as good as any of the other', () => {
    expect(against(0.2, 0.4, 0.6)).toEqual([
      'won  read: nest-session, memory is 2.00 × express-session, memory',
    ]);
    expect(against(0.92, 1, 1)[0]).toMatch(/^LOST read: .* is 0\.80 ×/);
  });

  it('says that nobody did where rounds overlap', () => {
    expect(against(0.2, 0.4, 0.71)[0]).toMatch(/^even/);
    expect(against(0.89, 1, 1)[0]).toMatch(/^even/);
  });

  it('compares the same route, adapter and place alone', () => {
    const others = [
      result('express-memory', 'change', 1, 1, 1),
      result('fastify-session', 'read', 1, 1, 1),
      result('pg-simple', 'read', 1, 1, 1),
      result('none', 'read', 1, 1, 1),
    ];
    expect(verdicts([result('memory', 'read', 0.7, 0.8, 0.9), ...others])).toEqual([]);
  });
});

describe('chart', () => {
  const svg = chart([result('none', 'read', 1, 1, 1), result('memory', 'read', 0.4, 0.5, 0.6)], MACHINE);

  it('has a bar as long as the share, and none for what shares are of', () => {
    const widths = [...svg.matchAll(/<rect class="(\w+) read"[^>]* width="([\d.]+)"/g)].map(
      ([, ...rest]) => rest,
    );
    expect(widths).toEqual([['own', '210']]);
    expect(svg).toContain('50 %');
  });

  it('has room for what is faster than the route without sessions', () => {
    const faster = chart([result('memory', 'read', 1, 2, 4)], MACHINE);
    expect(faster).toMatch(/<rect class="own read"[^>]* width="210"/);
    expect(faster).toMatch(/>400 %<.*>200 %</s);
  });

  it('is readable on a dark page, and escapes what it is told', () => {
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('CPU &#60;9&#62; &#38; &#34;more&#34;');
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
    expect(() => checkFigures({ lone: [{ p99: 1 }, { p99: NaN }] })).toThrow('results.lone.1.p99 is NaN');
    expect(() => checkFigures({ lone: [{ p99: 1, p50: undefined }] })).not.toThrow();
  });
});
