import { beforeEach, describe, expect, it } from '@jest/globals';
import { IdHistory } from '../../../../lib/stores/express/id-history.js';

let history: IdHistory;

describe('an id', () => {
  beforeEach(() => {
    history = new IdHistory();
  });

  it('that nobody has heard of is its own', () => {
    expect(history.latestOf('a')).toBe('a');
    expect(history.isCurrent('a')).toBe(true);
  });

  it('that was renewed leads to the one of today', () => {
    history.renewed('a', 'b');
    expect(history.latestOf('a')).toBe('b');
    history.renewed('b', 'c');
    history.renewed('c', 'd');
    expect(['a', 'b', 'c', 'd'].map((id) => history.latestOf(id))).toEqual(['d', 'd', 'd', 'd']);
    expect(['a', 'b', 'c', 'd'].map((id) => history.isCurrent(id))).toEqual([false, false, false, true]);
    history.renewed('d', 'e');
    expect(history.latestOf('a')).toBe('e');
  });

  it('whose session was ended is its own, and no place to write to', () => {
    history.ended('a');
    expect(history.latestOf('a')).toBe('a');
    expect(history.isCurrent('a')).toBe(false);
    history.began('a');
    expect(history.isCurrent('a')).toBe(true);
  });

  it('that was renewed can have a session of its own again', () => {
    history.renewed('a', 'b');
    history.renewed('b', 'a');
    history.began('a');
    expect([history.latestOf('a'), history.latestOf('b')]).toEqual(['a', 'a']);
  });

  it('that was renewed ten thousand times still leads to its session', () => {
    for (let time = 0; time < 10_000; time++) history.renewed(`id${time}`, `id${time + 1}`);
    expect(history.latestOf('id0')).toBe('id10000');
  });

  it('is forgotten at last', () => {
    history.renewed('a', 'b');
    for (let time = 0; time < 25_000; time++) history.ended(`other${time}`);
    expect(history.latestOf('a')).toBe('a');
  });
});
