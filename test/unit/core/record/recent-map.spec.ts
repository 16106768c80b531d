import { expect, test } from '@jest/globals';
import { RecentMap } from '../../../../lib/core/record/recent-map.js';

test('what is remembered is bounded, and what is asked for stays', () => {
  const recent = new RecentMap<string>(1_000);
  recent.add('busy', 'B');
  recent.add('idle', 'I');
  for (let n = 0; n < 5_000; n++) {
    recent.add(String(n), String(n));
    if (n % 500 === 0) expect(recent.get('busy')).toBe('B');
  }
  expect(recent.get('idle')).toBeUndefined();
  expect(recent.get('0')).toBeUndefined();
  expect(recent.get('4999')).toBe('4999');
});
