import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventEmitter } from 'node:events';
import { PEERS } from './support/peers.js';
import { type AnyCookie, as, fakeDate, passTime, parts } from './support/store-helpers.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const HOUR = 3_600_000;
const ALL = {
  originalMaxAge: HOUR,
  partitioned: true,
  priority: 'high',
  expires: new Date(NOW + HOUR),
  secure: true,
  httpOnly: false,
  domain: 'example.com',
  path: '/app',
  sameSite: 'lax',
};

/** maxAge as a Date is deprecated in express-session, which says so on the console unless somebody listens. */
const ignore = (): void => undefined;

describe('cookie class', () => {
  beforeAll(() => void as<EventEmitter>(process).on('deprecation', ignore));
  afterAll(() => void as<EventEmitter>(process).off('deprecation', ignore));
  beforeEach(() => fakeDate(NOW));
  afterEach(() => {
    jest.useRealTimers();
  });

  describe.each(PEERS)('%s: session.Cookie', (_, session) => {
    const { Cookie } = parts(session);

    /** What a cookie with these options is, as far as its time is concerned. */
    const times = ({ maxAge, expires, originalMaxAge }: AnyCookie): unknown => ({
      maxAge,
      expires,
      originalMaxAge,
    });
    const withOptions = (options: unknown): unknown => times(new Cookie(options));

    /** No end is null, or what it was set to. */
    function expectNoEnd({ maxAge, expires, originalMaxAge }: AnyCookie): void {
      for (const value of [maxAge, expires, originalMaxAge])
        expect([null, undefined, false]).toContain(value);
    }

    describe('its options', () => {
      it.each([undefined, null, {}, 0, '', false])('are the defaults for %p', (options) => {
        const cookie = new Cookie(options);
        expect(times(cookie)).toEqual({ maxAge: null, expires: null, originalMaxAge: null });
        expect([cookie.path, cookie.httpOnly, cookie.secure, cookie.sameSite]).toEqual([
          '/',
          true,
          undefined,
          undefined,
        ]);
      });

      it.each([
        ['a text', 'text'],
        ['a number', 42],
        ['true', true],
        ['a function', () => ({})],
      ])('may not be %s', (_name, options) => {
        expect(() => new Cookie(options)).toThrow(new TypeError('argument options must be a object'));
      });

      it('replace the defaults', () => {
        const cookie = new Cookie({ path: '/app', httpOnly: false, secure: true, domain: 'example.com' });
        expect(cookie.path).toBe('/app');
        expect(cookie.httpOnly).toBe(false);
        expect(cookie.secure).toBe(true);
        expect(cookie.domain).toBe('example.com');
      });

      it('are not changed', () => {
        const options = Object.freeze({ maxAge: HOUR, path: '/app' });
        new Cookie(options).maxAge = 5;
        expect(options).toEqual({ maxAge: HOUR, path: '/app' });
      });

      it('may have a key "data", which is ignored', () => {
        const cookie = new Cookie({ path: '/app', data: { path: '/other' } });
        expect(cookie.path).toBe('/app');
        expect(cookie.data).toMatchObject({ path: '/app' });
      });

      it('may have unknown keys, which become members and are not stored', () => {
        const cookie = new Cookie({ color: 'green' });
        expect(cookie.color).toBe('green');
        expect(JSON.stringify(cookie)).not.toContain('green');
        expect(cookie.serialize('sid', 'x')).not.toContain('green');
      });

      it('may be another cookie', () => {
        const copy = new Cookie(new Cookie({ maxAge: HOUR, path: '/app', secure: true }));
        expect(copy.data).toEqual(new Cookie({ maxAge: HOUR, path: '/app', secure: true }).data);
      });

      it('may be what a cookie is stored as', () => {
        const stored = JSON.parse(JSON.stringify(new Cookie({ maxAge: HOUR, path: '/app' }))) as object;
        const cookie = new Cookie(stored);
        expect(cookie.path).toBe('/app');
        expect(new Date(as<string>(cookie.expires))).toEqual(new Date(NOW + HOUR));
      });
    });

    describe('maxAge', () => {
      it.each([HOUR, 1, 0, -1_000])('%d gives expires', (maxAge) => {
        const expires = new Date(NOW + maxAge);
        expect(withOptions({ maxAge })).toMatchObject({ maxAge: expires.valueOf() - NOW, expires });
      });

      it('of a whole number is originalMaxAge', () => {
        expect(withOptions({ maxAge: HOUR })).toEqual({
          maxAge: HOUR,
          expires: new Date(NOW + HOUR),
          originalMaxAge: HOUR,
        });
      });

      it.each([null, undefined, false])('%p means no end', (maxAge) => {
        expectNoEnd(new Cookie({ maxAge }));
      });

      it('may be a Date', () => {
        const date = new Date(NOW + HOUR);
        expect(withOptions({ maxAge: date })).toEqual({ maxAge: HOUR, expires: date, originalMaxAge: HOUR });
      });

      it.each([
        ['a text', '3600000'],
        ['true', true],
        ['an object', {}],
        ['a list', [HOUR]],
        ['a function', () => HOUR],
        ['a BigInt', 1n],
      ])('may not be %s', (_name, maxAge) => {
        const error = new TypeError('maxAge must be a number or Date');
        expect(() => new Cookie({ maxAge })).toThrow(error);
        const cookie = new Cookie();
        expect(() => (cookie.maxAge = maxAge)).toThrow(error);
        expect(times(cookie)).toEqual({ maxAge: null, expires: null, originalMaxAge: null });
      });

      it('is the time that remains', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        passTime(HOUR - 1_000);
        expect(cookie.maxAge).toBe(1_000);
        passTime(3_000);
        expect(cookie.maxAge).toBe(-2_000);
      });

      it('that is set moves expires, and is the new originalMaxAge', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        passTime(1_000);
        cookie.maxAge = 5_000;
        expect(times(cookie)).toEqual({
          maxAge: 5_000,
          expires: new Date(NOW + 6_000),
          originalMaxAge: 5_000,
        });
      });

      it('set to null ends the end', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        cookie.maxAge = null;
        expect(times(cookie)).toEqual({ maxAge: null, expires: null, originalMaxAge: null });
      });
    });

    describe('expires', () => {
      it('gives maxAge and originalMaxAge', () => {
        const expires = new Date(NOW + HOUR);
        expect(withOptions({ expires })).toEqual({ maxAge: HOUR, expires, originalMaxAge: HOUR });
      });

      it('that is set moves both', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        const expires = new Date(NOW - 1_000);
        cookie.expires = expires;
        expect(times(cookie)).toEqual({ maxAge: -1_000, expires, originalMaxAge: -1_000 });
      });

      it.each([null, undefined, false])('set to %p means no end', (expires) => {
        const cookie = new Cookie({ maxAge: HOUR });
        cookie.expires = expires;
        expectNoEnd(cookie);
      });

      it('is the very Date that was given', () => {
        const expires = new Date(NOW + HOUR);
        const cookie = new Cookie({ expires });
        expect([cookie.expires === expires, cookie._expires === expires]).toEqual([true, true]);
        const other = new Date(NOW + 5_000);
        cookie.expires = other;
        expect(cookie.expires === other).toBe(true);
        other.setTime(NOW + 9_000);
        expect(times(cookie)).toEqual({ maxAge: 9_000, expires: other, originalMaxAge: 5_000 });
      });

      it('is one object for as long as nothing moves it', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        expect(cookie.expires === cookie.expires).toBe(true);
      });

      it('and maxAge in one object: the last one counts', () => {
        const expires = new Date(NOW + HOUR);
        expect(withOptions({ expires, maxAge: 5_000 })).toMatchObject({
          maxAge: 5_000,
          originalMaxAge: 5_000,
        });
        expect(withOptions({ maxAge: 5_000, expires })).toMatchObject({ maxAge: HOUR, originalMaxAge: HOUR });
      });

      it('can be read as _expires too, as some stores do', () => {
        expect(new Cookie({ maxAge: HOUR })._expires).toEqual(new Date(NOW + HOUR));
      });
    });

    describe('originalMaxAge', () => {
      it('stays while time passes', () => {
        const cookie = new Cookie({ maxAge: HOUR });
        passTime(HOUR);
        expect(cookie.originalMaxAge).toBe(HOUR);
      });

      it('may be given beside the time that remains', () => {
        expect(withOptions({ maxAge: 5_000, originalMaxAge: HOUR })).toMatchObject({
          maxAge: 5_000,
          originalMaxAge: HOUR,
        });
      });

      it('may be set, which moves nothing', () => {
        const cookie = new Cookie({ maxAge: 5_000 });
        cookie.originalMaxAge = HOUR;
        expect(times(cookie)).toMatchObject({ maxAge: 5_000, originalMaxAge: HOUR });
      });
    });

    describe('data, toJSON() and serialize()', () => {
      it('data holds every attribute, set or not', () => {
        expect(Object.keys(as<object>(new Cookie().data))).toEqual(Object.keys(ALL));
      });

      it('data holds what was given', () => {
        expect(new Cookie(ALL).data).toEqual(ALL);
      });

      it('data is another object each time, which changes nothing', () => {
        const cookie = new Cookie();
        cookie.data.path = '/other';
        expect(cookie.path).toBe('/');
        expect(cookie.data.path).toBe('/');
      });

      it('toJSON() gives data', () => {
        expect(new Cookie(ALL).toJSON()).toEqual(ALL);
      });

      it('is stored with its keys in a fixed order', () => {
        const backwards = Object.fromEntries(Object.entries(ALL).reverse());
        expect(JSON.stringify(new Cookie(backwards))).toBe(JSON.stringify(ALL));
      });

      it('is stored without what is not set', () => {
        expect(JSON.stringify(new Cookie({ maxAge: HOUR }))).toBe(
          '{"originalMaxAge":3600000,"expires":"2030-01-01T01:00:00.000Z","httpOnly":true,"path":"/"}',
        );
      });

      it('is stored with nulls where there is no end', () => {
        expect(JSON.stringify(new Cookie())).toBe(
          '{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"}',
        );
      });

      it('serialize() gives the text of the header', () => {
        expect(new Cookie(ALL).serialize('sid', 'a b')).toBe(
          'sid=a%20b; Domain=example.com; Path=/app; Expires=Tue, 01 Jan 2030 01:00:00 GMT; ' +
            'Secure; Partitioned; Priority=High; SameSite=Lax',
        );
      });

      it('serialize() needs no options', () => {
        expect(new Cookie().serialize('sid', 'x')).toBe('sid=x; Path=/; HttpOnly');
      });

      it.each([
        [true, 'Strict'],
        ['strict', 'Strict'],
        ['lax', 'Lax'],
        ['none', 'None'],
      ])('serialize() writes sameSite %p as %s', (sameSite, text) => {
        expect(new Cookie({ sameSite }).serialize('sid', 'x')).toBe(
          `sid=x; Path=/; HttpOnly; SameSite=${text}`,
        );
      });

      it.each([
        ['priority', 'huge'],
        ['sameSite', 'sometimes'],
        ['domain', 'a;b'],
        ['path', '/;b'],
      ])('serialize() refuses a wrong %s', (name, value) => {
        expect(() => new Cookie({ [name]: value }).serialize('sid', 'x')).toThrow(
          `option ${name} is invalid`,
        );
      });
    });

    it('may be given methods by a subclass', () => {
      class Mine extends Cookie {
        get hours(): number {
          return as<number>(this.maxAge) / HOUR;
        }
      }
      expect(new Mine({ maxAge: HOUR }).hours).toBe(1);
    });
  });
});
