import { describe, expect, it } from '@jest/globals';
import type { ResolvedOptions } from '../../../lib/options/resolved-options.js';
import { refusalOf, resolve } from './support.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Kind {
  readonly read: (options: ResolvedOptions) => unknown;
  readonly zero?: true;
  readonly off?: true;
  readonly cookie?: true;
}

const DURATIONS: Record<string, Kind> = {
  idleTimeout: { read: ({ engine }) => engine.lifetimes.idleTimeout },
  absoluteTimeout: { read: ({ engine }) => engine.lifetimes.absoluteTimeout, off: true },
  rotateInterval: { read: ({ engine }) => engine.lifetimes.rotateInterval, off: true },
  rotationGrace: { read: ({ engine }) => engine.lifetimes.rotationGrace, zero: true },
  touchInterval: { read: ({ engine }) => engine.lifetimes.touchInterval, zero: true },
  storeTimeout: { read: ({ storeTimeout }) => storeTimeout },
  maxAge: { read: ({ http }) => http.cookieFor({} as never).maxAge, cookie: true },
};

describe.each(Object.entries(DURATIONS))('%s', (name, { read, zero, off, cookie }) => {
  // Without a grace period, which an interval must be longer than.
  const optionsOf = (value: unknown): object =>
    cookie ? { cookie: { [name]: value } } : { rotationGrace: 0, [name]: value };
  const optionName = cookie ? `cookie.${name}` : name;

  it.each([
    [1, 1],
    [90_000, 90_000],
    [1000.5, 1001], // whole milliseconds are all a store can hold
    ['30m', 30 * MINUTE],
    ['12h', 12 * HOUR],
    ['10 seconds', 10 * SECOND],
    ['1.5h', 1.5 * HOUR],
  ])('takes %p', (given, milliseconds) => {
    expect(read(resolve(optionsOf(given)))).toBe(milliseconds);
  });

  it.each([
    -1,
    NaN,
    Infinity,
    -Infinity,
    '',
    ' ',
    'soon',
    '250', // an environment variable in seconds, most likely
    '-5m',
    '5 parsecs',
    'Infinity',
    'NaN',
    '1e400',
    `${'9'.repeat(400)}`,
    true,
    {},
    [],
    [5],
    10n,
    new Date(5),
    Symbol('5m'),
    Number.MAX_VALUE,
  ])('refuses %p, and names the option and what is accepted', (given) => {
    const message = refusalOf(optionsOf(given));
    expect(message).toContain(`SessionModule option "${optionName}": `);
    expect(message).toMatch(/was given; accepted: milliseconds or a duration such as "30m"/);
  });

  it('names what was given', () => {
    expect(refusalOf(optionsOf('5 parsecs'))).toContain('"5 parsecs" was given');
    expect(refusalOf(optionsOf(-1))).toContain('-1 was given');
    expect(refusalOf(optionsOf(NaN))).toContain('NaN was given');
  });

  it('takes or refuses null, zero and false as it should', () => {
    if (cookie) expect(read(resolve(optionsOf(null)))).toBeUndefined();
    else expect(refusalOf(optionsOf(null))).toContain('null was given');

    for (const none of [0, '0m']) {
      if (zero) expect(read(resolve(optionsOf(none)))).toBe(0);
      else expect(refusalOf(optionsOf(none))).toContain('of more than zero');
    }

    if (cookie) expect(read(resolve(optionsOf(false)))).toBeUndefined();
    else if (off) expect(read(resolve(optionsOf(false)))).toBe(false);
    else expect(refusalOf(optionsOf(false))).toContain('false was given');
  });
});

describe('the longest duration', () => {
  it('is the hundred years that the message names, in every form', () => {
    for (const given of [100 * 365 * DAY, '100y', '100 years']) {
      expect(() => resolve({ absoluteTimeout: given })).not.toThrow();
    }
    expect(refusalOf({ absoluteTimeout: '101y' })).toContain('at most 100 years');
  });
});

describe('idleTimeout', () => {
  it('is the life of the cookie where it is not set', () => {
    const { engine } = resolve({ cookie: { maxAge: '7d' } });
    expect(engine.lifetimes.idleTimeout).toBe(7 * DAY);
    expect(engine.idleFollowsCookie).toBe(false);
  });

  it('counts more than the life of the cookie', () => {
    expect(resolve({ cookie: { maxAge: '7d' }, idleTimeout: '1h' }).engine.lifetimes.idleTimeout).toBe(HOUR);
  });

  it('follows the cookie of the request, where that depends on it', () => {
    const cookie = (): object => ({ maxAge: '7d' });
    expect(resolve({ cookie }).engine.idleFollowsCookie).toBe(true);
    expect(resolve({ cookie, idleTimeout: '1h' }).engine.idleFollowsCookie).toBe(false);
  });

  it('is a day for a cookie that ends with the browser, or at a date', () => {
    expect(resolve({ cookie: { maxAge: null } }).engine.lifetimes.idleTimeout).toBe(DAY);
    expect(resolve({ cookie: { expires: new Date(4e12) } }).engine.lifetimes.idleTimeout).toBe(DAY);
  });
});

describe('rotateInterval', () => {
  it('is longer than the grace period: an id is not renewed twice before it is dead', () => {
    expect(refusalOf({ rotateInterval: '30s' })).toBe(
      'SessionModule option "rotateInterval": 30000 was given; accepted: more than "rotationGrace" (30000 ms), or false.',
    );
    expect(refusalOf({ rotateInterval: '1m', rotationGrace: '2m' })).toContain('(120000 ms)');
    expect(resolve({ rotateInterval: 30_001 }).engine.lifetimes.rotateInterval).toBe(30_001);
    expect(resolve({ rotateInterval: false, rotationGrace: '1h' }).engine.lifetimes.rotateInterval).toBe(
      false,
    );
  });
});

describe('touchInterval', () => {
  const touch = (options: object): number => resolve(options).engine.lifetimes.touchInterval;

  it('is a minute, or a tenth of a short idle timeout', () => {
    expect(touch({})).toBe(MINUTE);
    expect(touch({ idleTimeout: '5m' })).toBe(30 * SECOND);
  });

  it('that is longer than the idle timeout allows is lowered, not refused', () => {
    expect(touch({ idleTimeout: '10m', touchInterval: '1h' })).toBe(5 * MINUTE);
    expect(touch({ idleTimeout: '10m', touchInterval: '5m' })).toBe(5 * MINUTE);
    expect(touch({ idleTimeout: '10m', touchInterval: '4m' })).toBe(4 * MINUTE);
    expect(touch({ cookie: { maxAge: '10m' }, touchInterval: '1h' })).toBe(5 * MINUTE);
  });
});
