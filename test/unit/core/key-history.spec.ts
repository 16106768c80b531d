import { beforeEach, describe, expect, it } from '@jest/globals';
import { KeyHistory } from '../../../lib/core/key-history.js';

let time: number;
let history: KeyHistory;
beforeEach(() => {
  time = 0;
  history = new KeyHistory(() => time);
});

describe('the keys that were given up', () => {
  it('are known, and lead to what took their place', () => {
    history.add('a', 'b');
    history.add('b', 'c');
    expect(['a', 'b', 'c'].map((key) => history.has(key))).toEqual([true, true, false]);
    expect(['a', 'b', 'c', 'x'].map((key) => history.latestOf(key))).toEqual(['c', 'c', 'c', 'x']);
  });

  it('for good lead nowhere: not on to a session that was signed in', () => {
    history.add('a', 'b');
    history.add('b');
    history.add('c', 'd');
    expect(history.latestOf('a')).toBe('b');
    expect(history.latestOf('b')).toBe('b');
    expect(history.has('b')).toBe(true);
  });

  it('are forgotten when no request can be under way with them any more', () => {
    history.add('a', 'b');
    time += 59_999;
    history.add('x');
    expect(history.has('a')).toBe(true);
    time += 1;
    history.add('y');
    expect(['a', 'x', 'y'].map((key) => history.has(key))).toEqual([false, true, true]);
  });

  it('are kept the longer when they are given up again', () => {
    history.add('a', 'b');
    time += 30_000;
    history.add('a', 'c');
    time += 40_000;
    history.add('x');
    expect(history.latestOf('a')).toBe('c');
  });

  it('never fill the memory', () => {
    for (let index = 0; index < 10_005; index++) history.add(`k${index}`);
    expect(history.has('k4')).toBe(false);
    expect(history.has('k5')).toBe(true);
  });

  it('do not go round in circles where an id comes twice, and a key that is in use is not given up', () => {
    history.add('a', 'b');
    history.add('b', 'a');
    expect([history.has('a'), history.has('b')]).toEqual([false, true]);
    expect([history.latestOf('a'), history.latestOf('b')]).toEqual(['a', 'a']);
  });
});
