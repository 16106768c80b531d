import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { CsrfError, CsrfGuard, SkipCsrf } from '../../../lib/index.js';

type Headers = Record<string, string>;

const COOKIE = { cookie: 'sid=x' };
const TOKEN = 'A'.repeat(86);

/** Knows no token; says for which one it would have asked the session. */
class TestGuard extends CsrfGuard {
  asked: string[] = [];

  constructor(proxy?: boolean) {
    const csrf = { trustedOrigins: ['https://partner.example'] };
    super(new Reflector(), { secret: 'x', csrf, ...(proxy !== undefined && { proxy }) });
  }

  protected override getSession(request: IncomingMessage): never {
    this.asked.push(String(this.getToken(request)));
    throw new Error('asked for the session');
  }
}

function contextOf(request: object, type = 'http', handler: () => unknown = () => 0): ExecutionContext {
  class AnyController {}
  return {
    getType: () => type,
    getHandler: () => handler,
    getClass: () => AnyController,
    switchToHttp: () => ({ getRequest: () => request }),
  } as never;
}

function requestOf(headers: Headers, rest: object = {}): object {
  return { method: 'POST', headers: { host: 'shop.example', ...headers }, socket: {}, ...rest };
}

async function outcome(headers: Headers, rest: object = {}): Promise<string> {
  try {
    await new TestGuard().canActivate(contextOf(requestOf(headers, rest)));
    return 'passes';
  } catch (error) {
    if (!(error instanceof CsrfError)) throw error;
    expect(error.getStatus()).toBe(403);
    expect(error.getResponse()).toEqual({ statusCode: 403, code: error.code, message: error.message });
    return error.code;
  }
}

describe('what the browser says of the site', () => {
  it.each<[Headers, string]>([
    [{ 'sec-fetch-site': 'same-origin' }, 'passes'],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, 'passes'], // Referrer-Policy: no-referrer
    [{ 'sec-fetch-site': 'none' }, 'passes'],
    [{ 'sec-fetch-site': 'cross-site' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'same-site' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'something-new' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'same-origin, cross-site' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'Same-Origin' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'null' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site', 'x-csrf-token': TOKEN }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://partner.example' }, 'passes'],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://partner.example' }, 'passes'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://partner.example' }, 'CSRF_REFUSED'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://partner.example.evil' }, 'CSRF_REFUSED'],
  ])('%j: %s', async (headers, expected) => {
    expect(await outcome({ ...COOKIE, ...headers })).toBe(expected);
    const { cookie: _, ...bare } = { ...COOKIE, ...headers };
    expect(await outcome(bare)).toBe(expected);
  });
});

describe('where it says nothing of the site', () => {
  it.each<[Headers, string]>([
    [{ origin: 'http://shop.example' }, 'passes'],
    [{ origin: 'https://shop.example', 'sec-fetch-site': '' }, 'passes'],
    [{ origin: 'https://partner.example' }, 'passes'],
    [{ origin: 'https://evil.example' }, 'CSRF_REFUSED'],
    [{ origin: 'https://blog.shop.example' }, 'CSRF_REFUSED'],
    [{ origin: 'https://evil.example', 'x-csrf-token': TOKEN }, 'CSRF_REFUSED'],
    [{ origin: 'null' }, 'CSRF_TOKEN_REQUIRED'],
    [{ origin: '' }, 'CSRF_TOKEN_REQUIRED'],
    [{ origin: 'null', ...COOKIE }, 'CSRF_TOKEN_REQUIRED'],
    [{ ...COOKIE }, 'CSRF_TOKEN_REQUIRED'],
    [{ cookie: '' }, 'CSRF_TOKEN_REQUIRED'],
    [{ ...COOKIE, referer: 'https://shop.example/' }, 'CSRF_TOKEN_REQUIRED'],
    [{}, 'passes'],
    [{ authorization: 'Bearer x' }, 'passes'],
  ])('%j: %s', async (headers, expected) => {
    expect(await outcome(headers)).toBe(expected);
  });
});

describe('methods', () => {
  const cross = { 'sec-fetch-site': 'cross-site', ...COOKIE };

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('%s passes', async (method) => {
    expect(await outcome(cross, { method })).toBe('passes');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get', ''])('%j is guarded', async (method) => {
    expect(await outcome(cross, { method })).toBe('CSRF_REFUSED');
  });
});

describe('the token', () => {
  async function asked(headers: Headers, rest: object = {}): Promise<string[]> {
    const guard = new TestGuard();
    const context = contextOf(requestOf({ ...COOKIE, ...headers }, rest));
    await expect(guard.canActivate(context)).rejects.toThrow();
    return guard.asked;
  }

  it('is read from the header, else from the field', async () => {
    const other = 'B'.repeat(86);
    expect(await asked({ 'x-csrf-token': TOKEN })).toEqual([TOKEN]);
    expect(await asked({}, { body: { _csrf: TOKEN } })).toEqual([TOKEN]);
    expect(await asked({ 'x-csrf-token': TOKEN }, { body: { _csrf: other } })).toEqual([TOKEN]);
    expect(await asked({}, { body: Object.assign(Object.create(null), { _csrf: TOKEN }) })).toEqual([TOKEN]);
  });

  it.each<[string, object]>([
    ['the query', { query: { _csrf: TOKEN }, url: `/?_csrf=${TOKEN}` }],
    ['a cookie', { cookies: { _csrf: TOKEN } }],
    ['what a body inherits', { body: Object.create({ _csrf: TOKEN }) as object }],
    ['__proto__', { body: JSON.parse(`{"__proto__":{"_csrf":"${TOKEN}"}}`) as object }],
    ['constructor', { body: { constructor: { prototype: { _csrf: TOKEN } } } }],
    ['an array', { body: { _csrf: [TOKEN] } }],
    ['an object', { body: { _csrf: { value: TOKEN, toString: () => TOKEN } } }],
    ['text', { body: `_csrf=${TOKEN}` }],
    ['bytes', { body: Buffer.from(`_csrf=${TOKEN}`) }],
    ['nothing', { body: null }],
  ])('is not read from %s, and the session is not asked for', async (_, rest) => {
    expect(await asked({}, rest)).toEqual([]);
    expect(await outcome(COOKIE, rest)).toBe('CSRF_TOKEN_REQUIRED');
  });

  it.each([
    '',
    'x',
    TOKEN.slice(1),
    `${TOKEN}A`,
    '='.repeat(86),
    'é'.repeat(86),
    'A'.repeat(100_000),
    `${TOKEN}, ${TOKEN}`,
  ])('that cannot be one costs no look at the session (%#)', async (text) => {
    expect(await asked({ 'x-csrf-token': text })).toEqual([]);
    expect(await outcome(COOKIE, { body: { _csrf: text } })).toBe('CSRF_TOKEN_REQUIRED');
  });
});

describe('what the guard has no say in', () => {
  const refused = requestOf({ 'sec-fetch-site': 'cross-site' });

  it('messages of microservices', async () => {
    expect(await new TestGuard().canActivate(contextOf({}, 'rpc'))).toBe(true);
  });

  it('routes with @SkipCsrf()', async () => {
    const handler = (): number => 0;
    SkipCsrf()(handler);
    expect(await new TestGuard().canActivate(contextOf(refused, 'http', handler))).toBe(true);
    await expect(new TestGuard().canActivate(contextOf(refused))).rejects.toThrow(CsrfError);
  });

  it('controllers with @SkipCsrf(), but not their methods with @SkipCsrf(false)', async () => {
    const [open, checked] = [(): number => 0, (): number => 0];
    SkipCsrf(false)(checked);
    const admit = (handler: () => number): Promise<boolean> => {
      const context = contextOf(refused, 'http', handler);
      SkipCsrf()(context.getClass());
      return new TestGuard().canActivate(context);
    };
    expect(await admit(open)).toBe(true);
    await expect(admit(checked)).rejects.toThrow(CsrfError);
  });
});

describe('whether a WebSocket may be opened', () => {
  it.each<[Headers, boolean]>([
    [{}, true], // no browser
    [{ origin: 'https://shop.example' }, true],
    [{ origin: 'https://partner.example' }, true],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://sub.shop.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://sub.shop.example' }, false],
  ])('%j: %s', (headers, expected) => {
    expect(new TestGuard().mayConnect(requestOf({ ...COOKIE, ...headers }, { method: 'GET' }))).toBe(
      expected,
    );
  });
});

it('has steps that a subclass overrides', async () => {
  class Strict extends TestGuard {
    protected override isTrusted(origin: string): boolean {
      return origin.endsWith('.partner.example');
    }
    protected override hasNoCredentials(): boolean {
      return false;
    }
  }
  const run = (headers: Headers): Promise<boolean> => new Strict().canActivate(contextOf(requestOf(headers)));
  expect(await run({ origin: 'https://a.partner.example' })).toBe(true);
  await expect(run({ origin: 'https://partner.example' })).rejects.toMatchObject({ code: 'CSRF_REFUSED' });
  await expect(run({})).rejects.toMatchObject({ code: 'CSRF_TOKEN_REQUIRED' });
});
