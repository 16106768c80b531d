import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { CookieSessionStore, type CookieSessionStoreOptions } from '../../../../lib/stores/cookie/index.js';

const KEY = randomBytes(32);

function make(options: unknown): CookieSessionStore {
  return new CookieSessionStore(options as CookieSessionStoreOptions);
}

describe('the options of CookieSessionStore', () => {
  it.each([
    ['no options', undefined],
    ['a Buffer', { keys: [KEY] }],
    ['a Uint8Array', { keys: [new Uint8Array(KEY)] }],
    ['hex', { keys: [KEY.toString('hex')] }],
    ['base64', { keys: [KEY.toString('base64')] }],
    ['base64url', { keys: [KEY.toString('base64url'), randomBytes(32)] }],
    ['chunks', { chunks: 8 }],
  ])('may be %s', (_, options) => {
    expect(make(options)).toBeInstanceOf(CookieSessionStore);
  });

  it.each([
    [{ key: [KEY] }, /option "key" is unknown; the options are: keys, chunks/],
    [{ keys: KEY }, /option "keys": a (Buffer|Uint8Array) was given/],
    [{ keys: [] }, /option "keys": an empty array was given/],
    [{ keys: [KEY, 'a pass phrase that somebody liked'] }, /option "keys\[1\]": a string was given/],
    [{ keys: [KEY.subarray(1)] }, /option "keys\[0\]"/],
    [{ keys: [KEY, KEY.toString('hex')] }, /option "keys\[1\]": this key is already in the array/],
    [{ chunks: 0 }, /option "chunks": 0 was given; accepted: a whole number from 1 to 8/],
    [{ chunks: 9 }, /"chunks"/],
    [{ chunks: 1.5 }, /"chunks"/],
    [{ chunks: '2' }, /"chunks": "2"/],
  ])('may not be %j', (options, message) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: 'SESSION_OPTIONS_INVALID' }));
    expect(() => make(options)).toThrow(message);
  });

  it('are never in the error', () => {
    for (const keys of [[KEY, KEY.toString('hex')], ['a pass phrase that somebody liked']])
      expect(() => make({ keys })).not.toThrow(new RegExp(`${KEY.toString('hex')}|pass phrase`));
  });
});
