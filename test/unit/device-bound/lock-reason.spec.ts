import { describe, expect, it } from '@jest/globals';
import type { DeviceBinding } from '../../../lib/core/record/device-binding.js';
import { GRACE, lockReasonOf, type Opening } from '../../../lib/device-bound/lock-reason.js';

const ASKED: DeviceBinding = { epoch: 2, at: 1_000 };
const BOUND: DeviceBinding = { ...ASKED, key: { alg: 'ES256', spki: 'AAAA' } };

describe('lockReasonOf', () => {
  const opening: Opening = {
    binding: undefined,
    owner: 'ann',
    require: 'when-possible',
    now: 1_000 + GRACE,
    isProved: () => false,
  };

  it.each<[string, Partial<Opening>, string | undefined]>([
    ['bound, proved', { binding: BOUND, isProved: () => true }, undefined],
    ['bound, not proved', { binding: BOUND }, 'unproved'],
    ['bound, not proved, and of nobody any more', { binding: BOUND, owner: null }, 'unproved'],
    ['bound, not proved, within the grace', { binding: BOUND, now: 1_001 }, 'unproved'],
    ['bound, proved, and has to be', { binding: BOUND, require: 'always', isProved: () => true }, undefined],
    ['bound, not proved, and has to be', { binding: BOUND, require: 'always' }, 'unproved'],
    ['asked for', { binding: ASKED }, undefined],
    ['never asked for', {}, undefined],
    ['asked for, has to be, grace over', { binding: ASKED, require: 'always' }, 'unbound'],
    ['asked for, has to be, in time', { binding: ASKED, require: 'always', now: 999 + GRACE }, undefined],
    [
      'asked for again, has to be, grace over',
      { binding: { ...ASKED, at: 900 + GRACE, since: 1_000 }, require: 'always' },
      'unbound',
    ],
    ['never asked for, has to be', { require: 'always', now: 0 }, 'unbound'],
    ['a visitor’s, has to be', { require: 'always', owner: null }, undefined],
  ])('a session that is %s', (_, given, reason) => {
    expect(lockReasonOf({ ...opening, ...given })).toBe(reason);
  });

  it('asks for the proof only of a session that is bound', () => {
    const isProved = (): boolean => {
      throw new Error('asked');
    };
    expect(lockReasonOf({ ...opening, binding: ASKED, require: 'always', isProved })).toBe('unbound');
  });
});
