import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CookieDefaults, SessionCookie } from '../../../../lib/core/record/session-cookie.js';
import { SessionDataError } from '../../../../lib/errors/session-data.error.js';

const HOUR = 3_600_000;
const DEFAULTS: CookieDefaults = { httpOnly: true, secure: 'auto', sameSite: 'lax', path: '/' };

let time: number;
const now = (): number => time;
const cookieOf = (defaults: CookieDefaults = {}, ...changes: [] | [never]): SessionCookie =>
  new SessionCookie({ ...DEFAULTS, ...defaults }, changes[0], now);

/** The cookie as the next request has it. */
function kept(cookie: SessionCookie, defaults: CookieDefaults = {}): SessionCookie {
  const all = { ...DEFAULTS, ...defaults };
  const changes = cookie.changesFrom(all);
  const stored = changes === undefined ? undefined : (JSON.parse(JSON.stringify(changes)) as typeof changes);
  return new SessionCookie(all, stored, now);
}

describe('session cookie', () => {
  beforeEach(() => {
    time = 1_000_000;
  });

  describe('the life of a cookie', () => {
    it('ends with the browser by default', () => {
      const cookie = cookieOf();
      expect([cookie.maxAge, cookie.expires, cookie.originalMaxAge]).toEqual([null, null, null]);
    });

    it('begins at the application’s maxAge and counts down', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      expect(cookie.maxAge).toBe(HOUR);
      time += 1_000;
      expect(cookie.maxAge).toBe(HOUR - 1_000);
      expect(cookie.originalMaxAge).toBe(HOUR);
      expect(cookie.expires).toEqual(new Date(1_000_000 + HOUR));
    });

    it('begins at the application’s expires', () => {
      const cookie = cookieOf({ expires: new Date(1_000_000 + HOUR) });
      expect(cookie.maxAge).toBe(HOUR);
      expect(cookie.expires).toEqual(new Date(1_000_000 + HOUR));
    });

    it('is what was set last: maxAge after expires', () => {
      const cookie = cookieOf();
      cookie.expires = new Date(1_000_000 + HOUR);
      cookie.maxAge = 5_000;
      expect(cookie.expires).toEqual(new Date(1_005_000));
      expect(cookie.originalMaxAge).toBe(5_000);
    });

    it('is what was set last: expires after maxAge', () => {
      const cookie = cookieOf();
      cookie.maxAge = 5_000;
      cookie.expires = new Date(1_000_000 + HOUR);
      expect(cookie.maxAge).toBe(HOUR);
      expect(cookie.originalMaxAge).toBe(HOUR);
    });

    it.each([null, undefined, false] as const)('ends with the browser after maxAge = %s', (nothing) => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.maxAge = nothing;
      expect([cookie.maxAge, cookie.expires, cookie.originalMaxAge]).toEqual([null, null, null]);
    });

    it.each([null, undefined, false] as const)('ends with the browser after expires = %s', (nothing) => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.expires = nothing;
      expect([cookie.maxAge, cookie.expires, cookie.originalMaxAge]).toEqual([null, null, null]);
    });

    it('is a whole number of milliseconds', () => {
      const cookie = cookieOf();
      cookie.maxAge = HOUR / 7;
      expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([514_286, 514_286]);
    });

    it('starts anew at its original length by resetMaxAge', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      time += 1_000;
      cookie.resetMaxAge();
      expect(cookie.maxAge).toBe(HOUR);
      cookie.maxAge = null;
      cookie.resetMaxAge();
      expect(cookie.maxAge).toBeNull();
    });

    it.each([NaN, Infinity, -Infinity, '30d', {}, new Date(0), true, 5n])('refuses maxAge = %p', (bad) => {
      const cookie = cookieOf({ maxAge: HOUR });
      expect(() => (cookie.maxAge = bad as never)).toThrow(SessionDataError);
      expect(() => (cookie.maxAge = bad as never)).toThrow(/^session\.cookie\.maxAge: /);
      expect(cookie.maxAge).toBe(HOUR);
    });

    it.each([new Date(NaN), '2030-01-01', 1_893_456_000_000, true])('refuses expires = %p', (bad) => {
      const cookie = cookieOf({ maxAge: HOUR });
      expect(() => (cookie.expires = bad as never)).toThrow(SessionDataError);
      expect(() => (cookie.expires = bad as never)).toThrow(/^session\.cookie\.expires: /);
      expect(cookie.maxAge).toBe(HOUR);
    });

    it('refuses a maxAge that no date can hold, rather than break every answer from then on', () => {
      const cookie = cookieOf();
      expect(() => (cookie.maxAge = Number.MAX_SAFE_INTEGER)).toThrow(SessionDataError);
    });

    it('hands out a date of its own', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.expires!.setTime(0);
      expect(cookie.maxAge).toBe(HOUR);
    });
  });

  describe('what is kept with the session', () => {
    it('is nothing where nothing was changed', () => {
      for (const defaults of [{}, { maxAge: HOUR }, { expires: new Date(1_000_000 + HOUR) }]) {
        const cookie = cookieOf(defaults);
        cookie.resetMaxAge();
        expect(cookie.changesFrom({ ...DEFAULTS, ...defaults })).toBeUndefined();
      }
    });

    it('is nothing for a life that was set to what it was', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.maxAge = HOUR;
      expect(cookie.changesFrom({ ...DEFAULTS, maxAge: HOUR })).toBeUndefined();
    });

    it('is a life of its own, whose length holds for later requests', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.maxAge = 30 * HOUR;
      time += 10 * HOUR;
      expect(kept(cookie, { maxAge: HOUR }).maxAge).toBe(30 * HOUR);
    });

    it('is an own life also where it is not to outlive the browser', () => {
      const cookie = cookieOf({ maxAge: HOUR });
      cookie.maxAge = null;
      expect(kept(cookie, { maxAge: HOUR }).maxAge).toBeNull();
    });

    it('is an own life that ends with the browser also where the application set a date', () => {
      const defaults = { expires: new Date(1_000_000 + HOUR) };
      const cookie = cookieOf(defaults);
      cookie.maxAge = null;
      expect(kept(cookie, defaults).maxAge).toBeNull();
    });

    it('is every attribute that differs, one that was taken away included', () => {
      const defaults: CookieDefaults = { domain: 'a.test', priority: 'low' };
      const cookie = cookieOf(defaults);
      cookie.sameSite = 'strict';
      cookie.secure = true;
      delete cookie.domain;
      const next = kept(cookie, defaults);
      expect(next).toMatchObject({
        sameSite: 'strict',
        secure: true,
        priority: 'low',
        httpOnly: true,
        path: '/',
      });
      expect(next.domain ?? null).toBeNull();
      expect(next.changesFrom({ ...DEFAULTS, ...defaults })).toEqual(
        cookie.changesFrom({ ...DEFAULTS, ...defaults }),
      );
    });

    it('changes neither the application’s settings nor another session', () => {
      const defaults = Object.freeze({ ...DEFAULTS, maxAge: HOUR });
      const cookie = new SessionCookie(defaults, undefined, now);
      cookie.sameSite = 'none';
      cookie.maxAge = 1;
      expect(new SessionCookie(defaults, undefined, now)).toMatchObject({
        sameSite: 'lax',
        originalMaxAge: HOUR,
      });
    });
  });
});
