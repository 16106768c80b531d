import { describe, expect, it } from '@jest/globals';
import { readProof } from '../../../lib/device-bound/device-proof.js';
import { DeviceKeyPair, encoded } from '../../support/device-key.js';

const key = new DeviceKeyPair();
const HEAD = { alg: 'ES256', typ: 'dbsc+jwt' };

describe('a proof', () => {
  it('is read as it was signed', () => {
    const text = key.proof('challenge', { isRegistration: true, claims: { aud: 'https://a/b', sub: 'id' } });
    expect(readProof(text)).toEqual({
      alg: 'ES256',
      challenge: 'challenge',
      jwk: key.jwk,
      audience: 'https://a/b',
      subject: 'id',
      signed: text.slice(0, text.lastIndexOf('.')),
      signature: Buffer.from(text.split('.')[2]!, 'base64url'),
    });
  });

  it('has its key in the header or, in other editions of the draft, in the payload', () => {
    expect(readProof(key.sign(HEAD, { jti: 'x', key: key.jwk }))?.jwk).toEqual(key.jwk);
    expect(readProof(key.sign({ ...HEAD, jwk: 1 }, { jti: 'x', key: key.jwk }))?.jwk).toBe(1);
  });

  it.each([
    [
      'deeply nested',
      `${encoded(`{"alg":"ES256","typ":"dbsc+jwt","jwk":${'['.repeat(2_900)}`)}.${encoded('{}')}.AAAA`,
    ],
    ['JSON after JSON', `${encoded(`${JSON.stringify(HEAD)}{}`)}.${encoded('{"jti":"x"}')}.AAAA`],
    ['null', `${encoded('null')}.${encoded('{"jti":"x"}')}.AAAA`],
    ['text', `${encoded('"ES256"')}.${encoded('{"jti":"x"}')}.AAAA`],
    ['a prototype', key.sign('{"__proto__":{"alg":"ES256","typ":"dbsc+jwt"}}', { jti: 'x' })],
    ['a list of algorithms', key.sign({ ...HEAD, alg: ['ES256'] }, { jti: 'x' })],
    ['a list of audiences', key.sign(HEAD, { jti: 'x', aud: ['https://a/b'] })],
    ['a list as its subject', key.sign(HEAD, { jti: 'x', sub: [] })],
    ['without a challenge', key.sign(HEAD, {})],
    ['with an empty signature', `${encoded(HEAD)}.${encoded({ jti: 'x' })}.`],
    ['encrypted (five parts)', `${encoded(HEAD)}.a.b.c.d`],
    ['too long', key.proof('x', { claims: { more: 'x'.repeat(4_000) } })],
  ])('is not %s', (_, text) => {
    expect(readProof(text)).toBeUndefined();
  });

  it('that is deeply nested, but JSON, is read without harm', () => {
    const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
    expect(
      readProof(key.sign(`{"alg":"ES256","typ":"dbsc+jwt","jwk":${deep}}`, { jti: 'x' }))?.jwk,
    ).toHaveLength(1);
  });
});
