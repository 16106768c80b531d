import { describe, expect, it } from '@jest/globals';
import {
  type BindingWrite,
  type DeviceBinding,
  isDeviceBinding,
  nextBinding,
} from '../../../../lib/core/record/device-binding.js';
import { isBoundToDevice, metaText, parseMeta } from '../../../../lib/core/record/session-meta.js';

const ASKED: DeviceBinding = { epoch: 2, at: 1_000 };
const BOUND: DeviceBinding = { ...ASKED, key: { alg: 'ES256', spki: 'AAAA' }, usedUntil: 5 };
const ANEW: DeviceBinding = { epoch: 3, at: 9_000 };

describe('nextBinding', () => {
  const write: BindingWrite = {
    isLogin: false,
    asksAgain: false,
    ownerBefore: 'ann',
    owner: 'ann',
    epoch: 2,
    now: 9_000,
  };

  it.each<[string, DeviceBinding | undefined, Partial<BindingWrite>, DeviceBinding | undefined]>([
    ['login() asks', undefined, { isLogin: true, epoch: 3 }, ANEW],
    ['login() gives a key up and asks', BOUND, { isLogin: true, epoch: 3 }, ANEW],
    ['an owner who appears asks', undefined, { ownerBefore: null }, { epoch: 2, at: 9_000 }],
    ['another owner asks', undefined, { ownerBefore: 'bob' }, { epoch: 2, at: 9_000 }],
    ['an owner who appears again asks', ASKED, { ownerBefore: null }, { epoch: 2, at: 9_000 }],
    ['another epoch alone does not, such as after acting', ASKED, { epoch: 4 }, ASKED],
    ['a write that is no sign-in does not', undefined, {}, undefined],
    ['a write of a visitor does not', undefined, { ownerBefore: null, owner: null }, undefined],
    ['a later write keeps what was asked', ASKED, {}, ASKED],
    [
      'a step up asks again if nobody has answered, and no grace begins',
      ASKED,
      { asksAgain: true, epoch: 3 },
      { ...ANEW, since: 1_000 },
    ],
    ['a step up asks if nobody was asked before', undefined, { asksAgain: true, epoch: 3 }, ANEW],
    ['a step up keeps a key', BOUND, { asksAgain: true, epoch: 3 }, BOUND],
    ['another owner keeps a key', BOUND, { ownerBefore: 'bob', epoch: 3 }, BOUND],
    ['an owner who goes keeps the key', BOUND, { owner: null }, BOUND],
  ])('%s', (_, current, given, next) => {
    expect(nextBinding(current, { ...write, ...given })).toEqual(next);
  });

  it('returns the very binding that stays', () => {
    expect(nextBinding(BOUND, write)).toBe(BOUND);
  });
});

describe('what is kept of it', () => {
  it('comes back as it was', () => {
    for (const device of [ASKED, BOUND]) expect(parseMeta(metaText({ device }))).toEqual({ device });
    expect([
      isBoundToDevice(metaText({ device: BOUND })),
      isBoundToDevice(metaText({ device: ASKED })),
    ]).toEqual([true, false]);
    expect([isBoundToDevice(null), isBoundToDevice('{')]).toEqual([false, false]);
  });

  it.each([
    null,
    'x',
    [],
    {},
    { epoch: 1 },
    { epoch: 1.5, at: 1 },
    { epoch: 1, at: '1' },
    { ...ASKED, key: {} },
    { ...ASKED, key: { alg: 'none', spki: 'AAAA' } },
    { ...ASKED, key: { alg: 'ES256', spki: '"' } },
    { ...ASKED, usedUntil: 'x' },
  ])('is refused as %j', (device) => {
    expect(isDeviceBinding(device)).toBe(false);
    expect(() => parseMeta(JSON.stringify({ device }))).toThrow(SyntaxError);
  });
});
