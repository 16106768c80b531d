import { describe, expect, jest, test } from '@jest/globals';
import * as crypto from 'node:crypto';

const hmacs = jest.fn(crypto.createHmac);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, createHmac: hmacs }));
const { SignedIdCodec } = await import('../../../lib/cookie/signed-id.codec.js');

const ID = 'i'.repeat(43);

describe('a signature that was found to be right', () => {
  test('costs no second HMAC, and makes no other one right', () => {
    const codec = new SignedIdCodec(['new', 'old']);
    const token = new SignedIdCodec(['old']).seal(ID);
    hmacs.mockClear();
    expect(codec.open(token)).toEqual({ id: ID });
    expect(hmacs).toHaveBeenCalledTimes(2);
    expect(codec.open(token)).toEqual({ id: ID });
    expect(hmacs).toHaveBeenCalledTimes(2);
    expect(codec.open(`${token.slice(0, -1)}~`)).toEqual({ rejected: 'signature' });
  });

  test('by one set of secrets is none by another', () => {
    const token = new SignedIdCodec(['old']).seal(ID);
    expect(new SignedIdCodec(['old']).open(token)).toEqual({ id: ID });
    expect(new SignedIdCodec(['new']).open(token)).toEqual({ rejected: 'signature' });
  });

  test('is right beside another right one, while a secret is exchanged', () => {
    const codec = new SignedIdCodec(['new', 'old']);
    const tokens = [new SignedIdCodec(['old']).seal(ID), codec.seal(ID)];
    for (const token of [...tokens, ...tokens]) expect(codec.open(token)).toEqual({ id: ID });
  });
});
