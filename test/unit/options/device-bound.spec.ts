import { describe, expect, it } from '@jest/globals';
import { refusalOf, resolve } from './support.js';

describe('deviceBound', () => {
  it('is off by default', () => {
    for (const deviceBound of [undefined, false])
      expect(resolve({ deviceBound })).toMatchObject({
        deviceBound: undefined,
        engine: { bindsDevices: false },
      });
  });

  it('is ten minutes, under the path of the cookie, when possible', () => {
    for (const deviceBound of [true, {}, { lifetime: undefined }])
      expect(resolve({ deviceBound })).toMatchObject({
        engine: { bindsDevices: true },
        warnings: [],
        deviceBound: {
          lifetime: 600_000,
          path: '/.session',
          require: 'when-possible',
          cookieName: '__Host-sid-device',
          cookiePath: '/',
          sameSite: 'lax',
        },
      });
  });

  it('follows the cookie', () => {
    const cookie = { path: '/shop', sameSite: 'strict', secure: true };
    expect(resolve({ deviceBound: true, cookie, name: '__Secure-shop' }).deviceBound).toMatchObject({
      path: '/shop/.session',
      cookieName: '__Secure-shop-device',
      cookiePath: '/shop',
      sameSite: 'strict',
    });
    expect(resolve({ deviceBound: true, cookie: { secure: true } }).deviceBound?.cookieName).toBe(
      '__Host-sid-device',
    );
    const meansStrict = { ...cookie, sameSite: true };
    expect(resolve({ deviceBound: true, cookie: meansStrict }).deviceBound?.sameSite).toBe('strict');
    expect(resolve({ deviceBound: { path: '/a/b' } }).deviceBound?.path).toBe('/a/b');
  });

  it.each([
    ['deviceBound', 'yes'],
    ['deviceBound', null],
    ['deviceBound', []],
    ['deviceBound.grace', { grace: '1m' }],
    ['deviceBound.lifetime', { lifetime: '0s' }],
    ['deviceBound.lifetime', { lifetime: 999 }],
    ['deviceBound.lifetime', { lifetime: null }],
    ['deviceBound.require', { require: 'never' }],
    ['deviceBound.path', { path: 'x' }],
    ['deviceBound.path', { path: '/' }],
    ['deviceBound.path', { path: '/x/' }],
    ['deviceBound.path', { path: '/x"y' }],
    ['deviceBound.path', { path: '/x?y' }],
    ['deviceBound.path', { path: '//x' }],
    ['deviceBound.path', { path: 1 }],
  ])('refuses %s in %j', (name, deviceBound) => {
    expect(refusalOf({ deviceBound })).toContain(`"${name}"`);
  });

  it.each([
    ['cookie.secure', { secure: false }],
    ['cookie.sameSite', { sameSite: 'none', secure: true }],
    ['cookie.sameSite', { sameSite: 'auto' }],
    ['cookie.partitioned', { partitioned: true, secure: true }],
    ['cookie.domain', { domain: 'example.com' }],
    ['cookie', () => ({})],
  ])('refuses %s %j beside it', (name, cookie) => {
    expect(refusalOf({ deviceBound: true, cookie })).toMatch(new RegExp(`"${name}".*deviceBound`));
    expect(resolve({ cookie }).deviceBound).toBeUndefined();
  });

  it('refuses a path that the cookie is not sent to', () => {
    for (const path of ['/.session', '/shopping/.session', '/shop'])
      expect(refusalOf({ deviceBound: { path }, cookie: { path: '/shop' } })).toContain('"deviceBound.path"');
  });

  it('warns of a lifetime that is too short for browsers', () => {
    expect(resolve({ deviceBound: { lifetime: '3m' } }).warnings).toEqual([
      expect.stringMatching(/"deviceBound.lifetime".*180000 ms.*240000 ms/),
    ]);
    expect(resolve({ deviceBound: { lifetime: '4m' } }).warnings).toEqual([]);
  });
});
