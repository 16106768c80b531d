import { describe, expect, it } from '@jest/globals';
import { SessionModule, SessionOptionsError } from '../../lib/index.js';

const SECRET = 'a secret of more than thirty-two bytes';

const WAYS: [string, (isGlobal: never) => { global?: boolean | undefined }][] = [
  ['forRoot', (isGlobal) => SessionModule.forRoot({ secret: SECRET, isGlobal })],
  [
    'forRootAsync',
    (isGlobal) => SessionModule.forRootAsync({ useFactory: () => ({ secret: SECRET }), isGlobal }),
  ],
];

describe.each(WAYS)('%s with "isGlobal"', (_, define) => {
  it.each([
    [undefined, true],
    [true, true],
    [false, false],
  ])('of %p is a module whose "global" is %p', (given, isGlobal) => {
    expect(define(given as never).global).toBe(isGlobal);
  });

  it.each([['no'], ['false'], [0], [1], [null], [{}]])('of %p is refused', (given) => {
    const refused = expect(() => define(given as never));
    refused.toThrow(SessionOptionsError);
    refused.toThrow(/^SessionModule option "isGlobal": .+ was given; accepted: true or false\.$/);
  });
});
