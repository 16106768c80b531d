import { describe, expect, it } from '@jest/globals';
import { SentVersions } from '../../../lib/core/sent-versions.js';
import type { SessionRecord } from '../../../lib/core/session-record.js';

const record = (key: string, version: number): SessionRecord => ({ key, version }) as SessionRecord;

describe('SentVersions', () => {
  it('knows a record that is behind what went out, and that alone', () => {
    const sent = new SentVersions(() => 0);
    sent.add(record('a', 2));
    expect([1, 2, 3].map((version) => sent.isBehind(record('a', version)))).toEqual([true, false, false]);
    expect(sent.isBehind(record('b', 1))).toBe(false);
  });

  it('takes what goes out last for the newest', () => {
    const sent = new SentVersions(() => 0);
    sent.add(record('a', 5));
    sent.add(record('a', 2));
    expect(sent.isBehind(record('a', 2))).toBe(false);
  });

  it('forgets in ten seconds, and beyond ten thousand', () => {
    let now = 0;
    const sent = new SentVersions(() => now);
    sent.add(record('a', 2));
    now = 9_999;
    expect(sent.isBehind(record('a', 1))).toBe(true);
    now = 10_000;
    expect(sent.isBehind(record('a', 1))).toBe(false);
    sent.add(record('a', 2));
    for (let index = 0; index < 10_000; index++) sent.add(record(`b${index}`, 2));
    expect(sent.isBehind(record('a', 1))).toBe(false);
    expect(sent.isBehind(record('b0', 1))).toBe(true);
  });
});
