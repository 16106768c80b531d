import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SignedIdCodec } from '../../../lib/cookie/signed-id.codec.js';
import { refusal, resolve, SECRET } from './support.js';

const SHORT = 'hunter2';
const { NODE_ENV } = process.env;

describe('secrets', () => {
  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  describe('secret', () => {
    it.each<[string, unknown]>([
      ['a string', SECRET],
      ['a string of 32 bytes', 'x'.repeat(32)],
      ['a string of 32 bytes in 16 letters', 'é'.repeat(16)],
      ['a Buffer', randomBytes(32)],
      ['an array', [SECRET]],
      ['an array of both', [randomBytes(32), SECRET]],
    ])('may be %s', (_, secret) => {
      const { http, warnings } = resolve({ secret });
      const codec = http.codecFor({} as never);
      expect(codec.open(codec.seal('id'))).toEqual({ id: 'id' });
      expect(warnings).toEqual([]);
    });

    it('of an array signs with the first and verifies with all', () => {
      const old = randomBytes(32);
      const codec = resolve({ secret: [SECRET, old] }).http.codecFor({} as never);
      expect(codec.seal('id')).toBe(new SignedIdCodec([SECRET]).seal('id'));
      expect(codec.open(new SignedIdCodec([old]).seal('id'))).toEqual({ id: 'id' });
    });

    it.each<[string, object]>([
      ['not given', {}],
      ['undefined, as from an environment variable that is not set', { secret: undefined }],
      ['null', { secret: null }],
      ['empty', { secret: '' }],
      ['an empty list', { secret: [] }],
      ['a list of nothing', { secret: [undefined] }],
      ['a list that begins with nothing', { secret: ['', SECRET] }],
    ])('%s is missing, and the remedy is named', (_, options) => {
      expect(refusal(options)).toBe(
        'SessionModule option "secret" is missing; pass a string or Buffer of at least 32 random bytes, or an array of them (the first signs, all verify).',
      );
    });

    it.each([
      7,
      true,
      {},
      () => SECRET,
      Symbol('x'),
      new Uint8Array(32),
      [SECRET, 7],
      [SECRET, undefined],
      [[SECRET]],
    ])('%p is refused', (secret) => {
      expect(refusal({ secret })).toMatch(
        /^SessionModule option "secret": .+ was given; accepted: a string, a Buffer, or an array of them\.$/,
      );
    });

    it.each([
      ['', [SECRET, '']],
      ['as a Buffer', Buffer.alloc(0)],
      ['as a Buffer in a list', [SECRET, Buffer.alloc(0)]],
    ])('of no bytes is refused anywhere %s', (_, secret) => {
      process.env.NODE_ENV = 'development';
      expect(refusal({ secret })).toMatch(/"secret"/);
    });
  });

  describe.each([undefined, '', 'development', 'test', 'staging'])(
    'a short secret with NODE_ENV=%p',
    (environment) => {
      beforeEach(() => {
        if (environment === undefined) delete process.env.NODE_ENV;
        else process.env.NODE_ENV = environment;
      });

      it('is a warning for each', () => {
        const { warnings } = resolve({ secret: [SHORT, SECRET, Buffer.from('abc')] });
        expect(warnings).toEqual([
          expect.stringMatching(/"secret": entry 0 has 7 bytes; use at least 32 random bytes/),
          expect.stringMatching(/"secret": entry 2 has 3 bytes/),
        ]);
        expect(warnings.join()).not.toContain(SHORT);
      });
    },
  );

  describe('a short secret in production', () => {
    beforeEach(() => {
      process.env.NODE_ENV = 'production';
    });

    it.each([[SHORT], [[SHORT]], [[SECRET, SHORT]], [Buffer.from(SHORT)], ['x'.repeat(31)]])(
      'is refused: %p',
      (secret) => {
        const message = refusal({ secret });
        expect(message).toMatch(/"secret": entry \d has \d+ bytes; use at least 32 random bytes/);
        expect(message).not.toContain(SHORT);
      },
    );

    it('is not one of 32 bytes', () => {
      expect(resolve({ secret: 'x'.repeat(32) }).warnings).toEqual([]);
    });
  });

  describe('no message', () => {
    it('shows a secret, whatever else is wrong', () => {
      const wrong: object[] = [
        { secret: [SECRET, 7] },
        { secret: { key: SECRET } },
        { secret: SECRET, load: 'x' },
        { secret: SECRET, unknown: 1 },
        { secret: SECRET, cookie: { sameSite: 'none', secure: false } },
        { secret: [[SECRET]] },
      ];
      for (const options of wrong) expect(refusal(options)).not.toContain(SECRET.slice(0, 8));
    });
  });
});
