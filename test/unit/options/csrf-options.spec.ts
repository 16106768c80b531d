import { describe, expect, it } from '@jest/globals';
import { refusalOf, resolve } from './support.js';

const trusted = (...trustedOrigins: unknown[]): string[] => [
  ...resolve({ csrf: { trustedOrigins } }).http.trustedOrigins!,
];

describe('csrf', () => {
  it('trusts nobody by default', () => {
    for (const csrf of [undefined, {}, { trustedOrigins: undefined }, { trustedOrigins: [] }])
      expect(resolve({ csrf }).http.trustedOrigins).toEqual(new Set());
  });

  it.each([
    ['https://admin.example.com', 'https://admin.example.com'],
    ['HTTPS://Admin.Example.com:443', 'https://admin.example.com'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ])('takes %s as browsers write it', (given, origin) => {
    expect(trusted(given)).toEqual([origin]);
  });

  it.each([
    'null',
    '*',
    '',
    'example.com',
    'https://',
    'https://example.com/',
    'https://example.com/path',
    'https://example.com?x',
    'https://example.com#x',
    'https://*.example.com',
    'https://user@example.com',
    'https://user:pass@example.com',
    'https://example.com:99999',
    'https://a.example https://b.example',
    ' https://example.com',
    'https:\\\\example.com',
    'javascript:alert(1)',
    5,
    null,
    ['https://example.com'],
  ])('refuses the origin %p, and names it', (origin) => {
    const message = refusalOf({ csrf: { trustedOrigins: ['https://fine.example', origin] } });
    expect(message).toMatch(
      /^SessionModule option "csrf\.trustedOrigins\[1\]": .* was given; accepted: an origin/,
    );
  });

  it.each([
    [5, /"csrf": 5 was given; accepted: an object/],
    [[], /"csrf": an empty array/],
    [null, /"csrf": null/],
    [
      { trustedOrigins: 'https://a.example' },
      /"csrf\.trustedOrigins": "https:\/\/a\.example" was given; accepted: an array/,
    ],
    [
      { trustedOrigin: [] },
      /"csrf\.trustedOrigin": "this name" was given; accepted: the name trustedOrigins/,
    ],
  ])('refuses %j', (csrf, message) => {
    expect(refusalOf({ csrf })).toMatch(message);
  });
});

describe('clearSiteData', () => {
  const header = (clearSiteData: unknown): unknown => resolve({ clearSiteData }).http.clearSiteData;

  it('is off by default', () => {
    expect([header(undefined), header(false)]).toEqual([undefined, undefined]);
  });

  it.each([
    [true, '"cache", "storage"'],
    [['storage'], '"storage"'],
    [['cache', 'cookies', 'storage'], '"cache", "cookies", "storage"'],
    [['*'], '"*"'],
  ])('%j is the header %s', (given, text) => {
    expect(header(given)).toBe(text);
  });

  it.each([
    ['cache', /"clearSiteData": "cache" was given; accepted: true, false, or an array/],
    [[], /"clearSiteData": an empty array/],
    [null, /"clearSiteData": null/],
    [['cache', '"storage"'], /"clearSiteData\[1\]": .* accepted: one of "\*", "cache"/],
    [['cache', 'Storage'], /"clearSiteData\[1\]": "Storage" was given/],
    [['cache\r\nSet-Cookie: x=y'], /"clearSiteData\[0\]"/],
    [['constructor'], /"clearSiteData\[0\]": "constructor"/],
    [[5], /"clearSiteData\[0\]": 5/],
    [['*', 'cookies'], /"clearSiteData": an array was given; accepted: "\*" without other values/],
  ])('refuses %j', (clearSiteData, message) => {
    expect(refusalOf({ clearSiteData })).toMatch(message);
  });
});
