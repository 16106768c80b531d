import { describe, expect, it } from '@jest/globals';
import { figureOf, percentile } from './statistics.js';

describe('figureOf', () => {
  it('takes the middle, whatever the order', () => {
    expect(figureOf([9, 1, 4])).toEqual({ median: 4, low: 1, high: 9 });
  });

  it('takes the mean of the two in the middle', () => {
    expect(figureOf([10, 1, 4, 2])).toEqual({ median: 3, low: 1, high: 4 });
  });

  it.each([[[]], [[1, NaN]], [[Infinity]]])('refuses %j', (values: number[]) => {
    expect(() => figureOf(values)).toThrow(RangeError);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [0.985, 99],
    [1, 100],
    [0, 1],
  ])('finds what %d of all do not exceed', (share, value) => {
    expect(percentile(hundred, share)).toBe(value);
  });

  it('is nothing of nothing', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});
