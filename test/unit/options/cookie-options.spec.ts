import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { SessionOptionsError } from '../../../lib/errors/session-options.error.js';
import { refusalOf, resolve } from './support.js';

const REQUEST = { headers: {} } as IncomingMessage;
const cookieOf = (cookie: object): object => resolve({ cookie }).http.cookieFor(REQUEST);
const nameOf = (options: object): string => resolve(options).http.cookieName;

describe('the attributes of the cookie', () => {
  it.each<[string, unknown[], unknown[]]>([
    ['httpOnly', [true, false], [null, 'true', 0]],
    ['secure', [true, false, 'auto'], [null, 'true', 'always', 1]],
    ['sameSite', ['lax', 'strict', 'none', 'auto', true, false], [null, 'Lax', 'relaxed', 1]],
    ['partitioned', [true, false], [null, 'yes']],
    ['priority', ['low', 'medium', 'high'], [null, 'HIGH', 1, 'highest']],
    ['path', ['/', '/app', '/a b/c'], [null, 5, {}, true, 'app', '', '/\n', '/;']],
    ['domain', ['a.test', '.a.test', 'localhost'], [null, 5, {}, '', 'a b', 'a.test; Path=/', 'a\r\nb']],
  ])('%s', (name, accepted, wrong) => {
    for (const value of accepted) expect(cookieOf({ [name]: value })).toHaveProperty(name, value);
    for (const value of wrong) {
      expect({ value, message: refused(() => cookieOf({ [name]: value })) }).toEqual({
        value,
        message: expect.stringMatching(/cookie/),
      });
    }
  });

  it('that are undefined have their defaults', () => {
    const nothing = {
      httpOnly: undefined,
      secure: undefined,
      sameSite: undefined,
      path: undefined,
      domain: undefined,
    };
    expect(cookieOf({ ...nothing, maxAge: undefined, expires: undefined, priority: undefined })).toEqual({
      httpOnly: true,
      secure: 'auto',
      sameSite: 'lax',
      path: '/',
    });
  });

  it.each(['HttpOnly', 'maxage', 'name', 'signed', 'encode', 'originalMaxAge', '__proto__', 'toString'])(
    'are no others: %s is refused, and those that are known are named',
    (name) => {
      const cookie: unknown = JSON.parse(`{${JSON.stringify(name)}:true}`);
      const message = refusalOf({ cookie });
      expect(message).toContain(`"cookie.${name}"`);
      expect(message).toContain(
        'httpOnly, secure, sameSite, path, domain, maxAge, expires, partitioned, priority',
      );
    },
  );

  it.each([null, 'lax', 7, true])('are an object: %p is refused', (cookie) => {
    expect(refusalOf({ cookie })).toMatch(/option "cookie": .+ was given; accepted: an object/);
  });
});

describe('maxAge and expires', () => {
  const expires = new Date(4e12);

  it('the one that stands last counts, as in express-session', () => {
    expect(cookieOf({ expires, maxAge: 5_000 })).toMatchObject({ maxAge: 5_000 });
    expect(cookieOf({ expires, maxAge: 5_000 })).not.toHaveProperty('expires');
    expect(cookieOf({ maxAge: 5_000, expires })).toMatchObject({ expires });
    expect(cookieOf({ maxAge: 5_000, expires })).not.toHaveProperty('maxAge');
  });

  it('null, false or undefined does not count', () => {
    expect(cookieOf({ maxAge: 5_000, expires: null })).toMatchObject({ maxAge: 5_000 });
    expect(cookieOf({ maxAge: 5_000, expires: false })).toMatchObject({ maxAge: 5_000 });
    expect(cookieOf({ expires, maxAge: false })).toMatchObject({ expires });
    expect(cookieOf({ maxAge: false, expires: false })).not.toHaveProperty('expires');
    expect(cookieOf({ expires, maxAge: undefined })).toMatchObject({ expires });
    expect(cookieOf({ maxAge: null, expires: null })).not.toHaveProperty('maxAge');
  });

  it.each([new Date(NaN), '2030-01-01', 4e12, true, {}])('expires %p is refused', (wrong) => {
    expect(refusalOf({ cookie: { expires: wrong } })).toMatch(
      /option "cookie\.expires": .+ was given; accepted: a valid Date\./,
    );
  });
});

describe('contradictions', () => {
  it.each<[string, object]>([
    ['sameSite none without secure', { sameSite: 'none', secure: false }],
    ['partitioned without secure', { partitioned: true, secure: false }],
  ])('are refused: %s', (_, cookie) => {
    expect(refusalOf({ cookie })).toMatch(/while cookie\.secure is false; browsers drop/);
  });

  it('are none where the connection decides', () => {
    expect(cookieOf({ sameSite: 'none', secure: 'auto' })).toMatchObject({ sameSite: 'none' });
    expect(cookieOf({ sameSite: 'auto', secure: 'auto' })).toMatchObject({ sameSite: 'auto' });
    expect(cookieOf({ sameSite: 'lax', secure: false })).toMatchObject({ secure: false });
  });
});

describe('the name of the cookie', () => {
  it('is __Host-sid where the cookie qualifies, else sid (ASVS 3.3.1)', () => {
    expect(nameOf({ cookie: { secure: true } })).toBe('__Host-sid');
    expect(nameOf({ cookie: { secure: true, path: '/' } })).toBe('__Host-sid');
    expect(nameOf({})).toBe('sid');
    expect(nameOf({ cookie: { secure: 'auto' } })).toBe('sid');
    expect(nameOf({ cookie: { secure: true, path: '/app' } })).toBe('sid');
    expect(nameOf({ cookie: { secure: true, domain: 'a.test' } })).toBe('sid');
    expect(nameOf({ cookie: () => ({ secure: true }) })).toBe('sid');
  });

  it.each(['sid', 'connect.sid', '__Host-x', '__Secure-x', 'a!b'])('may be %s', (name) => {
    expect(nameOf({ name, cookie: { secure: true } })).toBe(name);
  });

  it.each(['__Host-sid', '__host-sid', '__HOST-SID'])('%s needs secure, path / and no domain', (name) => {
    const wrong = [{}, { secure: 'auto' }, { secure: false }, { secure: true, path: '/a' }];
    for (const cookie of [...wrong, { secure: true, domain: 'a.test' }]) {
      expect(refusalOf({ name, cookie })).toMatch(
        /"name": "__Host-sid" was given; accepted: a name without "__Host-"/i,
      );
    }
    expect(nameOf({ name, cookie: { secure: true } })).toBe(name);
  });

  it.each(['__Secure-sid', '__secure-sid'])('%s needs secure', (name) => {
    for (const cookie of [{}, { secure: 'auto' }, { secure: false }]) {
      expect(refusalOf({ name, cookie })).toMatch(/accepted: a name without "__Secure-"/);
    }
    expect(nameOf({ name, cookie: { secure: true, path: '/a', domain: 'a.test' } })).toBe(name);
  });

  it.each(['', 7, null, {}, 'a b', 'a;b', 'a=b', 'sid\r\nX: y', 'é', 'a\0', 'a\tb'])(
    'may not be %p',
    (name) => {
      expect(refusalOf({ name })).toMatch(/^SessionModule option "name/);
    },
  );

  it.each<[string, object]>([
    ['path', { path: '/\r\nSet-Cookie: a=b' }],
    ['path', { path: '/;Domain=evil.test' }],
    ['domain', { domain: 'a.test;Path=/x' }],
    ['domain', { domain: 'a.test\r\nX: y' }],
  ])('and its %s hold no injection (CVE-2024-47764): %j', (_, cookie) => {
    expect(refusalOf({ cookie })).toContain('cookie');
  });
});

describe('cookie settings that depend on the request', () => {
  const byHost = (request: IncomingMessage): object => ({ domain: request.headers.host, maxAge: '1h' });

  it('are asked for with each request', () => {
    const { http } = resolve({ cookie: byHost });
    const requestTo = (host: string): IncomingMessage => ({ headers: { host } }) as IncomingMessage;
    expect(http.cookieFor(requestTo('a.test'))).toMatchObject({ domain: 'a.test', maxAge: 3_600_000 });
    expect(http.cookieFor(requestTo('b.test'))).toMatchObject({ domain: 'b.test' });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a name that is not known', { maxage: 5 }],
    ['a contradiction', { sameSite: 'none', secure: false }],
    ['an injection', { domain: 'evil.test\r\nX: y' }],
  ])('are checked each time: %s', (_, settings) => {
    const { http } = resolve({ cookie: () => settings });
    expect(() => http.cookieFor(REQUEST)).toThrow(SessionOptionsError);
  });

  it('may go with a __Host- name, whose rules hold for what they return', () => {
    const { http } = resolve({
      name: '__Host-sid',
      cookie: (request: IncomingMessage) => ({ secure: !request.url }),
    });
    expect(http.cookieFor(REQUEST)).toMatchObject({ secure: true });
    expect(() => http.cookieFor({ ...REQUEST, url: '/plain' } as IncomingMessage)).toThrow(
      SessionOptionsError,
    );
  });
});

function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SessionOptionsError) return error.message;
    return `another error: ${String(error)}`;
  }
  return 'nothing';
}
