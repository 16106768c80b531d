import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecentSessions } from '../../../../lib/stores/cookie/recent-sessions.js';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newRecord } from './support.js';

const MINUTE = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('RecentSessions', () => {
  let now: number;
  let recent: RecentSessions;

  beforeEach(() => {
    now = 0;
    recent = new RecentSessions(() => now);
  });

  it('knows the newest record of a session, or that it ended', () => {
    const record = newRecord({ key: 'a' });
    recent.add(newRecord({ key: 'a', data: '{"old":1}' }));
    recent.add(record);
    recent.end('b');
    expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([record, 'ended', undefined]);
    recent.end('a');
    expect(recent.get('a')).toBe('ended');
  });

  it('hands out copies', () => {
    const record = newRecord();
    recent.add(record);
    const copies = [recent.get(record.key), recent.get(record.key)];
    expect(copies).toEqual([record, record]);
    expect(new Set([record, ...copies]).size).toBe(3);
  });

  it('forgets in five minutes, counted from the last write', () => {
    recent.add(newRecord({ key: 'a' }));
    recent.end('b');
    now = 5 * MINUTE - 1;
    expect([recent.get('a'), recent.get('b')]).toEqual([expect.objectContaining({ key: 'a' }), 'ended']);
    recent.add(newRecord({ key: 'a' }));
    now++;
    expect([recent.get('a'), recent.get('b')]).toEqual([expect.anything(), undefined]);
    now = 10 * MINUTE - 1;
    expect(recent.get('a')).toBeUndefined();
  });

  it('removes what it forgets with the next write, so that no clock that is set back brings it up again', () => {
    recent.end('a');
    now = 5 * MINUTE;
    recent.end('b');
    now = 0;
    expect([recent.get('a'), recent.get('b')]).toEqual([undefined, 'ended']);
  });

  it('holds on to no text that a record was cut out of', () => {
    const before = heapUsed();
    for (let index = 0; index < 50; index++) {
      const cookie = `${index}${'x'.repeat(2 ** 20)}`;
      recent.add(newRecord({ key: `${index}`, userId: cookie.slice(0, 40), data: cookie.slice(40, 80) }));
    }
    expect(heapUsed() - before).toBeLessThan(10 * 2 ** 20);
    expect(recent.get('0')).toMatchObject({ userId: expect.stringMatching(/^0x{39}$/) });
  });

  it('forgets beyond ten thousand, the oldest first', () => {
    recent.end('first');
    recent.add(newRecord({ key: 'second' }));
    for (let index = 0; index < 9_998; index++) recent.end(`more ${index}`);
    recent.end('first');
    recent.end('last');
    const keys = ['first', 'second', 'more 0', 'last'];
    expect(keys.map((key) => recent.get(key))).toEqual(['ended', undefined, 'ended', 'ended']);
  });

  it.each(['data', 'meta'])('forgets beyond 16 million characters of %s, the oldest first', (name) => {
    const text = { [name]: JSON.stringify({ text: 'x'.repeat(2 ** 20) }) };
    // The same session over and over counts once.
    for (let index = 0; index < 40; index++) recent.add(newRecord({ key: 'first', ...text }));
    for (let index = 0; index < 14; index++) recent.add(newRecord({ key: `more ${index}`, ...text }));
    expect(recent.get('first')).toBeDefined();
    recent.add(newRecord({ key: 'last', ...text }));
    const known = ['first', 'more 0', 'more 13', 'last'].map((key) => recent.get(key) !== undefined);
    expect(known).toEqual([false, true, true, true]);
  });

  it('has room again for what was forgotten', () => {
    const data = JSON.stringify({ text: 'x'.repeat(2 ** 20) });
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 15; index++) recent.add(newRecord({ key: `${round} ${index}`, data }));
      expect(recent.get(`${round} 0`)).toBeDefined();
      now += 5 * MINUTE;
    }
  });
});
