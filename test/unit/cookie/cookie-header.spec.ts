import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cookieValues,
  finalAttributes,
  hasCookie,
  setCookieHeader,
} from '../../../lib/cookie/cookie-header.js';
import { cpuTimeOf } from '../../support/cpu-time.js';
import { runs } from '../../support/property.js';

describe('cookieValues', () => {
  it.each<[header: string | undefined, values: string[]]>([
    [undefined, []],
    ['', []],
    ['other=1', []],
    ['sid=a', ['a']],
    ['sid=a; sid=b;sid=c', ['a', 'b', 'c']],
    ['x=1; sid=a; y=2', ['a']],
    ['x=1;sid=a', ['a']],
    ['  sid  =  a  ', ['a']],
    ['\tsid=a', ['a']],
    ['sid=', ['']],
    ['sid', []],
    ['sid;sid=a', ['a']],
    ['sid=a=b=c', ['a=b=c']],
    ['sid2=a; sid=b; sid.sig=c; xsid=d', ['b']],
    ['SID=a; Sid=b', []],
    ['x=sid=a', []],
    ['x="; sid=a; "', ['a']],
    [';;; ;sid=a;;', ['a']],
    ['=sid; sid=a', ['a']],
    ['__proto__=x; sid=a', ['a']],
    ['constructor=x; sid=a', ['a']],
  ])('of %j are %j', (header, values) => {
    expect(cookieValues(header, 'sid')).toEqual(values);
  });

  it('are decoded, as they were encoded', () => {
    expect(cookieValues('sid=s%3Aid.a%2Fb%2B', 'sid')).toEqual(['s:id.a/b+']);
    expect(cookieValues('sid=s:id.a/b+', 'sid')).toEqual(['s:id.a/b+']);
  });

  it('that cannot be decoded are left as they are', () => {
    expect(cookieValues('sid=%zz; sid=%; sid=%e0%a4', 'sid')).toEqual(['%zz', '%', '%e0%a4']);
  });

  it('in quotes are read without them, as express-session reads them', () => {
    expect(cookieValues('sid="s%3Aid.sig"; sid = "a" ', 'sid')).toEqual(['s:id.sig', 'a']);
    expect(cookieValues('sid=""; sid="; sid=a"; sid=%22a%22', 'sid')).toEqual(['', '"', 'a"', '"a"']);
    expect(cookieValues('sid="a; sid=b"', 'sid')).toEqual(['"a', 'b"']);
  });

  it('are looked at eight times at most', () => {
    expect(cookieValues('sid=a; x=1; '.repeat(9), 'sid')).toEqual(Array(8).fill('a'));
    expect(hasCookie('x=1; sid =', 'sid')).toBe(true);
    for (const header of [undefined, '', 'sid', 'xsid=1', 'x=sid=1', 'sid.1=1'])
      expect(hasCookie(header, 'sid')).toBe(false);
  });

  describe('are decoded only where they are looked for', () => {
    const calls = { decode: 0, slice: 0 };
    const { decodeURIComponent: decode } = globalThis;
    const slice = Reflect.get(String.prototype, 'slice') as (...range: unknown[]) => string;
    beforeEach(() => {
      Object.assign(calls, { decode: 0, slice: 0 });
      globalThis.decodeURIComponent = (text) => (calls.decode++, decode(text));
      String.prototype.slice = function (...range) {
        calls.slice++;
        return Reflect.apply(slice, this, range);
      };
    });
    afterEach(() => {
      globalThis.decodeURIComponent = decode;
      String.prototype.slice = slice;
    });

    it.each([
      ['2,500 cookies that cannot be decoded', 'sid=%;'.repeat(2_500), 8],
      ['1,500 cookies whose names begin alike', 'sid10=%41; '.repeat(1_500), 0],
      ['1,500 cookies with the name in their value', 'x=sid=%41; '.repeat(1_500), 0],
      ['1,500 names without a value', 'sid ; '.repeat(1_500), 0],
      ['as many as fit, then one', `${'y=%41; '.repeat(2_000)}sid=%41`, 1],
    ])('%s', (_, header, most) => {
      const values = cookieValues(header, 'sid');
      expect(values.length).toBe(most);
      expect(calls.decode).toBe(most);
      expect(calls.slice).toBeLessThanOrEqual(most);
      expect(hasCookie(header, 'sid.1')).toBe(false);
      expect(calls.slice).toBeLessThanOrEqual(most);
    });
  });

  it.each(['__proto__', 'constructor', 'toString', '__Host-sid', 'a.b', 'a$b', 'a*', 'a^', '%73id'])(
    'are found under the name %s, and only where they are',
    (name) => {
      expect(cookieValues('x=1', name)).toEqual([]);
      expect(cookieValues(`y=${name}; ${name}x=1`, name)).toEqual([]);
      expect(cookieValues(`${name}=a; x=1; ${name}=b`, name)).toEqual(['a', 'b']);
    },
  );

  it('are those that a plain reading of the header finds', () => {
    const pair = fc.oneof(
      fc.constantFrom('sid', 'sid=', 'sid=a', ' sid = b ', 'sid2=c', 'sid=="', '', ' ', '='),
      fc.string({ unit: fc.constantFrom(...'sid=;" %2\t.') }),
    );
    fc.assert(
      fc.property(
        fc.array(pair).map((pairs) => pairs.join(';')),
        (header) => {
          const plain = header
            .split(';')
            .filter((text) => text.includes('='))
            .map((text) => [
              text.slice(0, text.indexOf('=')).trim(),
              text.slice(text.indexOf('=') + 1).trim(),
            ])
            .flatMap(([name, value]) => (name === 'sid' ? [decoded(unquoted(value!))] : []));
          expect(cookieValues(header, 'sid')).toEqual(plain.slice(0, 8));
        },
      ),
      runs(500),
    );
  });

  it('of the largest header are found quickly', () => {
    for (const pair of ['sid=x;', 'sid=;', 'sid;', 'sid%', ';', ' ', 'sid2=x; ', '"sid=', '=']) {
      const header = pair.repeat(16_384 / pair.length);
      expect(cpuTimeOf(() => cookieValues(header, 'sid'))).toBeLessThan(100);
    }
  });

  function unquoted(value: string): string {
    return value.replace(/^"(.*)"$/s, '$1');
  }

  function decoded(value: string): string {
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }
});

describe('finalAttributes', () => {
  it.each([
    [true, { secure: true, sameSite: 'none' }],
    [false, { secure: false, sameSite: 'lax' }],
  ])('decide auto by the connection (secure: %s)', (isSecure, decided) => {
    expect(finalAttributes({ secure: 'auto', sameSite: 'auto' }, isSecure)).toEqual(decided);
  });

  it('leave what is decided as it is', () => {
    const given = {
      httpOnly: false,
      secure: true,
      sameSite: 'strict',
      path: '/x',
      domain: 'a.test',
    } as const;
    expect(finalAttributes(given, false)).toEqual(given);
  });

  it('leave out what is not there, and whatever else an object holds', () => {
    const odd = { path: '/', domain: undefined, priority: null, maxAge: 5, evil: 1 } as never;
    expect(finalAttributes(odd, true)).toEqual({ path: '/' });
  });
});

describe('setCookieHeader', () => {
  it('writes every attribute', () => {
    const header = setCookieHeader('sid', 's:id.a/b+', {
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
      path: '/app',
      domain: 'example.test',
      partitioned: true,
      priority: 'high',
      maxAge: 90_500,
      expires: new Date(0),
    });
    expect(header.split('; ')).toEqual([
      'sid=s%3Aid.a%2Fb%2B',
      'Max-Age=90',
      'Domain=example.test',
      'Path=/app',
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'HttpOnly',
      'Secure',
      'Partitioned',
      'Priority=High',
      'SameSite=Lax',
    ]);
  });

  it('writes nothing that was not asked for', () => {
    expect(setCookieHeader('sid', 'x', {})).toBe('sid=x');
    expect(setCookieHeader('sid', 'x', { secure: false, httpOnly: false, sameSite: false })).toBe('sid=x');
  });

  it.each([
    [1_999, 1],
    [0, 0],
    [-5_000, 0],
  ])('turns a maxAge of %d ms into %d s', (maxAge, seconds) => {
    expect(setCookieHeader('sid', 'x', { maxAge })).toBe(`sid=x; Max-Age=${seconds}`);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const [pair] = setCookieHeader('sid', value, {}).split('; ');
        expect(cookieValues(pair, 'sid')).toEqual([value]);
        expect(pair).toMatch(/^sid=[\x21-\x7e]*$/);
      }),
      { seed: 20_250_605 },
    );
  });

  it.each([
    ['name', ['sid\r\nX: y', {}]],
    ['name', ['sid; Path=/x', {}]],
    ['name', ['sid=x', {}]],
    ['name', ['', {}]],
    ['name', ['si d', {}]],
    ['path', ['sid', { path: '/\r\nSet-Cookie: a=b' }]],
    ['path', ['sid', { path: '/; Domain=evil.test' }]],
    ['domain', ['sid', { domain: 'a.test; Path=/x' }]],
    ['domain', ['sid', { domain: 'a.test\r\nX: y' }]],
    ['domain', ['sid', { domain: 'not a domain' }]],
  ] as [string, [string, object]][])(
    'refuses an injection by the %s (CVE-2024-47764): %j',
    (_, [name, attributes]) => {
      expect(() => setCookieHeader(name, 'x', attributes)).toThrow(TypeError);
    },
  );
});
