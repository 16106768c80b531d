import { describe, expect, it } from '@jest/globals';
import { userIdText } from '../../../../lib/core/record/session-id.js';

describe('userIdText', () => {
  it.each<[unknown, string]>([
    ['ada', 'ada'],
    [' ', ' '],
    ['0', '0'],
    [0, '0'],
    [-7, '-7'],
    [1e21, '1e+21'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['🍪'.repeat(255), '🍪'.repeat(255)],
    ['line\nbreak', 'line\nbreak'],
  ])('%p is %j', (given, text) => {
    expect(userIdText(given)).toBe(text);
  });

  it.each([
    undefined,
    null,
    '',
    'x'.repeat(256),
    'a\0b',
    'half a pair \ud800',
    NaN,
    Infinity,
    true,
    {},
    ['ada'],
    1n,
    Symbol('x'),
    new String('x'),
  ])('%p is none', (given) => {
    expect(userIdText(given)).toBeUndefined();
  });

  it('is no object that pretends to be one (CVE-2022-33171)', () => {
    expect(userIdText({ toString: () => 'ada', length: 3 })).toBeUndefined();
  });
});
