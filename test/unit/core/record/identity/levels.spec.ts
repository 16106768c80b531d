import { describe, expect, it } from '@jest/globals';
import {
  highestOf,
  isLevel,
  isLevels,
  type Levels,
  proved,
  provedAt,
} from '../../../../../lib/core/record/identity/levels.js';

describe('levels', () => {
  it.each([1, 2, 100])('%j is one', (value) => expect(isLevel(value)).toBe(true));
  it.each([0, -1, 1.5, NaN, Infinity, '2', null, undefined, true])('%j is none', (value) =>
    expect(isLevel(value)).toBe(false),
  );

  it.each<[Levels, number, Levels]>([
    [[], 1, [[1, 9]]],
    [[[1, 1]], 2, [[2, 9]]],
    [[[2, 1]], 2, [[2, 9]]],
    [
      [[3, 1]],
      2,
      [
        [3, 1],
        [2, 9],
      ],
    ],
    [
      [
        [3, 1],
        [2, 5],
      ],
      1,
      [
        [3, 1],
        [2, 5],
        [1, 9],
      ],
    ],
    [
      [
        [3, 1],
        [2, 5],
        [1, 6],
      ],
      2,
      [
        [3, 1],
        [2, 9],
      ],
    ],
    [
      [
        [3, 1],
        [2, 5],
      ],
      4,
      [[4, 9]],
    ],
  ])('%j and level %i make %j', (levels, level, expected) => {
    const after = proved(levels, level, 9);
    expect(after).toEqual(expected);
    expect(isLevels(after)).toBe(true);
  });

  it('count from the last proof of that level or a higher one', () => {
    const levels: Levels = [
      [3, 1],
      [2, 5],
    ];
    expect([0, 1, 2, 3, 4].map((level) => provedAt(levels, level))).toEqual([5, 5, 5, 1, undefined]);
    expect([highestOf(levels), highestOf([])]).toEqual([3, 0]);
  });

  it.each([null, {}, [], 'x', [[]], [[1]], [[0, 1]], [[1, '2']], [[1, null]], [[1, 2, 3]], [1]])(
    '%j is no list of them',
    (value) => expect(isLevels(value)).toBe(false),
  );
});
