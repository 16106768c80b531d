import { describe, expect, it } from '@jest/globals';
import { SessionUsageError } from 'nest-session';
import { cookieFrom } from 'nest-session/testing';

/** What supertest and Fastify's `inject` answer. */
const answer = (...lines: string[]) => ({ headers: { 'set-cookie': lines, vary: 'Cookie' } });
const GONE = 'Thu, 01 Jan 1970 00:00:00 GMT';

describe('cookieFrom', () => {
  it('reads what the clients answer', () => {
    const fetched = new Response(null, {
      headers: [
        ['set-cookie', 'a=1; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT'],
        ['set-cookie', 'b=2'],
      ],
    });
    expect(cookieFrom(fetched)).toBe('a=1; b=2');
    expect(cookieFrom(answer('a=1; Path=/', 'b=2'))).toBe('a=1; b=2');
    expect(cookieFrom({ headers: { 'set-cookie': 'a=1; HttpOnly' } })).toBe('a=1'); // inject, for a single one
  });

  it('is empty where no cookie was set', () => {
    expect(cookieFrom(answer())).toBe('');
    expect(cookieFrom({ headers: {} })).toBe('');
    expect(cookieFrom(new Response())).toBe('');
  });

  it('leaves values as they were written', () => {
    const value = 's%3Aabc.d%2Fe%2Bf';
    expect(cookieFrom(answer(`sid=${value}; Path=/`))).toBe(`sid=${value}`);
    expect(cookieFrom(answer('b=2'), `sid=${value}`)).toBe(`sid=${value}; b=2`);
    expect(cookieFrom(answer('q="x y"; Path=/'))).toBe('q="x y"');
  });

  it('keeps what was there before, but for what the response changes', () => {
    expect(cookieFrom(answer('b=3; Path=/', 'c=4'), 'a=1; b=2')).toBe('a=1; b=3; c=4');
    expect(cookieFrom({ headers: {} }, 'a=1; b=2')).toBe('a=1; b=2');
    expect(cookieFrom(answer('a=1', 'a=2'))).toBe('a=2');
  });

  it.each([
    `a=; Path=/; Expires=${GONE}`,
    'a=; Max-Age=0',
    'a=x; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT',
  ])('drops what the response expires: %s', (line) => {
    expect(cookieFrom(answer(line), 'a=1; b=2')).toBe('b=2');
    expect(cookieFrom(answer('a=5', line))).toBe('');
    expect(cookieFrom(answer(line, 'a=6'))).toBe('a=6');
  });

  it.each([
    `a=2; Max-Age=60; Expires=${GONE}`,
    'a=2; Max-Age=60',
    'a=2; Expires=Fri, 01 Jan 2100 00:00:00 GMT',
    'a=2; Expires=nonsense',
  ])('keeps what it does not: %s', (line) => {
    expect(cookieFrom(answer(line), 'a=1')).toBe('a=2');
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['a=1', 'a string'],
    [Promise.resolve(), 'a Promise'],
    [{ headers: undefined }, 'an object'],
    [{ headers: null }, 'an object'],
  ])('refuses %p, and says what to give', (response, given) => {
    const call = () => cookieFrom(response as never);
    expect(call).toThrow(SessionUsageError);
    expect(call).toThrow(
      `cookieFrom: ${given} was given, which has no headers; pass a response of supertest`,
    );
  });
});
