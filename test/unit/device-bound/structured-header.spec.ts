import { describe, expect, it } from '@jest/globals';
import { stringIn } from '../../../lib/device-bound/structured-header.js';
import { cpuTimeOf } from '../../support/cpu-time.js';

describe('a header that is one string', () => {
  it.each([
    ['"a.b"', 'a.b'],
    ['a.b', 'a.b'],
    ['"a b"', 'a b'],
    ['""', ''],
    ['"a";v=1', 'a'],
    ['"a"; v; w="x y";z=t', 'a'],
    ['a~b-c_d', 'a~b-c_d'],
  ])('%s is %j', (header, text) => {
    expect(stringIn(header, 100)).toBe(text);
  });

  it.each([
    '',
    '"',
    '"a',
    'a"',
    '"a" b',
    '"a", "b"',
    'a, b',
    '"a\\"b"',
    '"a";',
    '"a";V=1',
    '"a";v="',
    '(a)',
    'ä',
    '"ä"',
    ' a',
    'a;b',
    '\ta',
  ])('%j is none', (header) => {
    expect(stringIn(header, 100)).toBeUndefined();
  });

  it('is no list, and not too long', () => {
    expect(stringIn(['a'], 100)).toBeUndefined();
    expect(stringIn(undefined, 100)).toBeUndefined();
    expect([stringIn('a'.repeat(100), 100), stringIn('a'.repeat(101), 100)]).toEqual([
      'a'.repeat(100),
      undefined,
    ]);
  });

  it('is read in no time, whatever is in it', () => {
    for (const header of [`"a"${';a'.repeat(2_000)};`, `"a"${'; '.repeat(2_000)}`, `"${'a'.repeat(4_000)}`]) {
      expect(stringIn(header, 5_000)).toBeUndefined();
      expect(cpuTimeOf(() => stringIn(header, 5_000))).toBeLessThan(100);
    }
  });
});
