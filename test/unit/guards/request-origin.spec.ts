import { describe, expect, it } from '@jest/globals';
import { type GuardedRequest, isOwnOrigin } from '../../../lib/guards/request-origin.js';

interface Case {
  readonly origin: string;
  readonly headers?: Record<string, string>;
  /** As the framework has them. */
  readonly host?: string;
  readonly protocol?: string;
  readonly encrypted?: boolean;
  readonly proxy?: boolean;
}

function isOwn({ origin, proxy, encrypted = false, ...rest }: Case): boolean {
  const request = { method: 'POST', headers: { host: 'shop.example' }, socket: { encrypted }, ...rest };
  return isOwnOrigin(origin, request as unknown as GuardedRequest, proxy);
}

const TLS = { encrypted: true };
const BEHIND = { 'x-forwarded-host': 'shop.example, inner', 'x-forwarded-proto': 'https', host: 'app:3000' };

describe('the own origin', () => {
  it.each<[string, Case]>([
    ['plain HTTP', { origin: 'http://shop.example' }],
    ['TLS', { origin: 'https://shop.example', ...TLS }],
    ['TLS that ends at a proxy nobody told of', { origin: 'https://shop.example' }],
    ['a port', { origin: 'http://localhost:3000', headers: { host: 'localhost:3000' } }],
    [
      'the port of the scheme',
      { origin: 'https://shop.example', headers: { host: 'shop.example:443' }, ...TLS },
    ],
    ['capitals in Host', { origin: 'https://shop.example', headers: { host: 'Shop.Example' } }],
    ['an address', { origin: 'http://[::1]:3000', headers: { host: '[::1]:3000' } }],
    ['HTTP/2', { origin: 'https://shop.example', headers: { ':authority': 'shop.example' }, ...TLS }],
    [
      'a proxy the framework trusts',
      { origin: 'https://shop.example', host: 'shop.example', protocol: 'https', headers: BEHIND },
    ],
    ['a proxy the option trusts', { origin: 'https://shop.example', headers: BEHIND, proxy: true }],
    ['proxy: true without a proxy', { origin: 'http://shop.example', proxy: true }],
  ])('is known over %s', (_, given) => {
    expect(isOwn(given)).toBe(true);
  });

  it.each<[string, Case]>([
    ['another host', { origin: 'https://evil.example' }],
    ['a subdomain', { origin: 'https://blog.shop.example' }],
    ['the parent domain', { origin: 'https://example', headers: { host: 'shop.example' } }],
    ['a host that begins like it', { origin: 'https://shop.example.evil.example' }],
    ['a host that ends like it', { origin: 'https://evilshop.example' }],
    ['another port', { origin: 'http://shop.example:8080' }],
    ['the port of another scheme', { origin: 'http://shop.example:443', headers: { host: 'shop.example' } }],
    ['HTTP, where the connection is known to be TLS', { origin: 'http://shop.example', ...TLS }],
    ['HTTP, where a trusted proxy says TLS', { origin: 'http://shop.example', headers: BEHIND, proxy: true }],
    ['HTTP, where the framework says TLS', { origin: 'http://shop.example', protocol: 'https' }],
    ['another scheme', { origin: 'ftp://shop.example' }],
    ['a path', { origin: 'https://shop.example/' }],
    ['a list', { origin: 'https://shop.example, https://evil.example' }],
    ['what a proxy nobody trusts says', { origin: 'https://shop.example', headers: BEHIND, proxy: false }],
    ['what no Host header says', { origin: 'https://undefined', headers: {} }],
    ['a Host header that is none', { origin: 'https://shop.example', headers: { host: 'shop example' } }],
    ['text', { origin: 'shop.example' }],
  ])('is not %s', (_, given) => {
    expect(isOwn(given)).toBe(false);
  });
});
