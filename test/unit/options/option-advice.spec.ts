import { describe, expect, it } from '@jest/globals';
import { resolve } from './support.js';

const HOUR = 60 * 60 * 1_000;
const DAY = 24 * HOUR;

describe.each([
  ['cookie.maxAge', (value: unknown) => ({ cookie: { maxAge: value } })],
  ['idleTimeout', (value: unknown) => ({ idleTimeout: value })],
  ['absoluteTimeout', (value: unknown) => ({ absoluteTimeout: value })],
])('a number for %s', (name, optionsOf) => {
  const adviceOn = (value: unknown): string[] =>
    resolve(optionsOf(value)).warnings.filter((warning) =>
      warning.includes('looks like a number of seconds'),
    );

  // A minute, half an hour, an hour, half a day; a day, a week, 30 days, 90 days, a year
  it.each([60, 1_800, 3_600, 43_200, 86_400, 604_800, 2_592_000, 7_776_000, 31_536_000])(
    'that is most likely seconds, such as %d, is a warning that names it and both remedies',
    (seconds) => {
      const [warning, ...more] = adviceOn(seconds);
      expect(more).toEqual([]);
      expect(warning).toContain(`SessionModule option "${name}" is ${seconds} milliseconds`);
      expect(warning).toContain(`use ${seconds * 1_000}`);
      expect(warning).toContain(`"${seconds}ms"`);
    },
  );

  it.each([60_000, 90_000, 1_800_000, 3_600_000, DAY, 7 * DAY, 30 * DAY, 365 * DAY])(
    'that is most likely milliseconds, such as %d, is none',
    (milliseconds) => expect(adviceOn(milliseconds)).toEqual([]),
  );

  it.each(['3600ms', '30s', '1h'])('given as text is none: %s', (text) => expect(adviceOn(text)).toEqual([]));
});

describe('cookie.maxAge beyond absoluteTimeout', () => {
  it('is a warning that names both', () => {
    expect(
      resolve({ cookie: { maxAge: '30d' }, idleTimeout: '1h', absoluteTimeout: '12h' }).warnings,
    ).toEqual([
      expect.stringMatching(/"cookie.maxAge" is 2592000000 ms, but "absoluteTimeout" .* 43200000 ms/),
    ]);
  });

  it.each([
    { cookie: { maxAge: '12h' }, absoluteTimeout: '12h' },
    { cookie: { maxAge: '365d' }, absoluteTimeout: false },
    { cookie: () => ({ maxAge: '365d' }), absoluteTimeout: '1h' },
    { absoluteTimeout: '1h' },
  ])('is none with %p', (options) => expect(resolve(options).warnings).toEqual([]));
});
