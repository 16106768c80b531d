import { describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { deviceKeyOf, isDeviceAlgorithm, isSignedBy } from '../../../lib/device-bound/device-key.js';
import { DeviceKeyPair } from '../../support/device-key.js';

const ec = new DeviceKeyPair('ES256');
const rsa = new DeviceKeyPair('RS256');

describe('the key that a browser registers', () => {
  it.each([
    ['ES256', ec],
    ['RS256', rsa],
    ['RS256', new DeviceKeyPair('RS256', { bits: 4096 })],
  ] as const)('is the public one for %s', (alg, { jwk }) => {
    const key = deviceKeyOf(alg, jwk)!;
    const spki = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'der',
    });
    expect(key).toEqual({ alg, spki: spki.toString('base64url') });
  });

  it('leaves out all that is not public, or not of the key', () => {
    for (const { alg, jwk, privateKey } of [ec, rsa]) {
      const whole = {
        ...privateKey.export({ format: 'jwk' }),
        use: 'enc',
        key_ops: ['sign'],
        alg: 'none',
        x5u: 'x',
      };
      expect(whole.d).toBeDefined();
      expect(deviceKeyOf(alg, whole)).toEqual(deviceKeyOf(alg, jwk));
    }
  });

  it.each<[string, 'ES256' | 'RS256', unknown]>([
    ['nothing', 'ES256', undefined],
    ['null', 'ES256', null],
    ['text', 'ES256', 'key'],
    ['a list', 'ES256', [ec.jwk]],
    ['a list of letters', 'ES256', { ...ec.jwk, x: [ec.jwk.x] }],
    ['an object for a number', 'ES256', { ...ec.jwk, x: { toString: () => ec.jwk.x } }],
    ['without a coordinate', 'ES256', { ...ec.jwk, y: undefined }],
    ['without a type', 'ES256', { ...ec.jwk, kty: undefined }],
    ['the point at infinity', 'ES256', { ...ec.jwk, x: zeros(32), y: zeros(32) }],
    ['a point beside the curve', 'ES256', { ...ec.jwk, y: ec.jwk.x }],
    ['P-384', 'ES256', new DeviceKeyPair('ES256', { curve: 'P-384' }).jwk],
    ['secp256k1', 'ES256', new DeviceKeyPair('ES256', { curve: 'secp256k1' }).jwk],
    ['the name of another curve', 'ES256', { ...ec.jwk, crv: 'P-521' }],
    ['Ed25519', 'ES256', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
    ['symmetric', 'ES256', { kty: 'oct', k: 'AAAA' }],
    ['RSA for ES256', 'ES256', rsa.jwk],
    ['EC for RS256', 'RS256', ec.jwk],
    ['1024 bits', 'RS256', new DeviceKeyPair('RS256', { bits: 1024 }).jwk],
    ['more than 4096 bits', 'RS256', { ...rsa.jwk, n: odd(513) }],
    ['an exponent of 1', 'RS256', { ...rsa.jwk, e: 'AQ' }],
    ['an exponent of 0', 'RS256', { ...rsa.jwk, e: 'AA' }],
    ['an exponent of 33 bits', 'RS256', { ...rsa.jwk, e: odd(5) }],
    ['an exponent as long as the modulus', 'RS256', { ...rsa.jwk, e: odd(256) }],
    ['without a modulus', 'RS256', { ...rsa.jwk, n: '' }],
  ])('is not %s', (_, alg, jwk) => {
    expect(deviceKeyOf(alg, jwk)).toBeUndefined();
  });

  it('is for one of two algorithms', () => {
    expect(
      ['ES256', 'RS256', 'none', 'HS256', 'ES384', 'PS256', 'es256', '', undefined].filter(isDeviceAlgorithm),
    ).toEqual(['ES256', 'RS256']);
  });
});

describe('a signature', () => {
  it.each([
    ['that no key can be read for', { alg: 'ES256', spki: 'AAAA' }],
    ['for which the key is of another kind', { ...deviceKeyOf('RS256', rsa.jwk)!, alg: 'ES256' }],
    ['for which the curve is another', spkiOf(new DeviceKeyPair('ES256', { curve: 'P-384' }))],
    ['under an even modulus', { ...deviceKeyOf('RS256', { ...rsa.jwk, n: even(256) })! }],
  ] as const)('%s is none, and no error', (_, key) => {
    for (const length of [0, 1, 63, 64, 65, 256, 512])
      expect(isSignedBy(key, 'text', Buffer.alloc(length, 1))).toBe(false);
  });

  it('is one over the whole text, under its own key', () => {
    for (const pair of [ec, rsa]) {
      const key = deviceKeyOf(pair.alg, pair.jwk)!;
      const [head, payload, signature = ''] = pair.proof('challenge').split('.');
      const bytes = Buffer.from(signature, 'base64url');
      expect(isSignedBy(key, `${head}.${payload}`, bytes)).toBe(true);
      expect(isSignedBy(key, `${head}.${payload}x`, bytes)).toBe(false);
      expect(
        isSignedBy(deviceKeyOf(pair.alg, new DeviceKeyPair(pair.alg).jwk)!, `${head}.${payload}`, bytes),
      ).toBe(false);
    }
  });
});

function zeros(length: number): string {
  return Buffer.alloc(length).toString('base64url');
}

/** base64url of an odd number of so many bytes. */
function odd(length: number): string {
  return Buffer.alloc(length, 0xff).toString('base64url');
}

function even(length: number): string {
  return Buffer.alloc(length, 0xee).toString('base64url');
}

/** What a row would hold if somebody had edited it. */
function spkiOf({ jwk }: DeviceKeyPair): { alg: 'ES256'; spki: string } {
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return { alg: 'ES256', spki: key.export({ type: 'spki', format: 'der' }).toString('base64url') };
}
