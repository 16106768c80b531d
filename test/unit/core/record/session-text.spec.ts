import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyChanges,
  changesBetween,
  parseObject,
  parseStored,
  refuseNonJson,
  setOwn,
  textOf,
} from '../../../../lib/core/record/session-text.js';
import { SESSION_MEMBERS } from '../../../../lib/core/session.js';
import { cpuTimeOf } from '../../../support/cpu-time.js';
import { SessionDataError } from '../../../../lib/errors/session-data.error.js';
import { runs } from '../../../support/property.js';

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

const hostileKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'then',
  'length',
  '',
  '0',
  '01',
  '-1',
  '\0',
  '\ud800',
  '\udfff a',
  '\u2028',
  '"',
  '\\',
  'é',
  '🍪',
  ...SESSION_MEMBERS,
);
const key = fc.oneof(hostileKey, fc.string({ unit: 'binary' }), fc.string());
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1e308, 5e-324, -1, '', '\0', '\ud800', '\udc00x', '__proto__'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.string({ unit: 'binary' }),
);
const { value } = fc.letrec<{ value: unknown; bag: Record<string, unknown> }>((tie) => ({
  bag: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map(bagOf),
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('bag')),
}));
const bag = fc.array(fc.tuple(key, value), { maxLength: 8 }).map(bagOf);

/** An object with own properties of any name, as JSON.parse makes one. */
function bagOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, content] of entries) {
    Object.defineProperty(made, name, {
      value: content,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return made;
}

/** Equal as JSON values: what own keys hold, in whatever order. */
function canonical(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(canonical);
  if (typeof given !== 'object' || given === null) return given;
  return Object.entries(given)
    .map(([name, content]) => [name, canonical(content)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('any JSON value', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(bag, (data) => {
        refuseNonJson(data);
        const back = parseObject(textOf(data, NOTHING_HIDDEN));
        expect(canonical(back)).toEqual(canonical(data));
        expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
      }),
      runs(300),
    );
  });

  it('is carried from one copy to another by the changes between them, whatever its keys are called', () => {
    fc.assert(
      fc.property(bag, bag, (before, after) => {
        const changes = changesBetween(JSON.stringify(before), JSON.stringify(after));
        const target = parseObject(JSON.stringify(before));
        applyChanges(target, changes);
        expect(canonical(target)).toEqual(canonical(after));
        expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
      }),
      runs(300),
    );
  });

  it('shows as changed exactly the top-level keys that differ', () => {
    fc.assert(
      fc.property(bag, fc.array(fc.tuple(key, value), { maxLength: 3 }), (before, edits) => {
        const after = parseObject(JSON.stringify(before));
        applyChanges(after, edits);
        const expected = edits
          .map(([name]) => name)
          .filter(
            (name) =>
              !Object.hasOwn(before, name) || JSON.stringify(before[name]) !== JSON.stringify(after[name]),
          );
        const changes = changesBetween(JSON.stringify(before), JSON.stringify(after));
        expect([...changes.keys()].sort()).toEqual([...new Set(expected)].sort());
      }),
      runs(300),
    );
  });
});

describe('textOf', () => {
  it('leaves out hidden keys and touches nothing on the object', () => {
    const data = bagOf([
      ['a', 1],
      ['id', 'mine'],
      ['__proto__', { polluted: true }],
    ]);
    const before = Object.getOwnPropertyDescriptors(data);
    expect(textOf(data, new Set(['id']))).toBe('{"a":1,"__proto__":{"polluted":true}}');
    expect(Object.getOwnPropertyDescriptors(data)).toEqual(before);
  });

  it('does not look at what a hidden key holds', () => {
    expect(textOf({ a: 1, save: () => undefined }, new Set(['save']))).toBe('{"a":1}');
  });

  it('names the key of a function or symbol, which JSON would drop without a word', () => {
    expect(() => textOf({ a: 1, render: () => 1 }, NOTHING_HIDDEN)).toThrow(
      new SessionDataError(
        'The session key "render" contains a function, which JSON does not support; store plain JSON values.',
      ),
    );
    expect(() => textOf({ tag: Symbol('x') }, NOTHING_HIDDEN)).toThrow(/"tag" contains a symbol/);
  });

  it('lets an error of somebody’s own toJSON through as it is', () => {
    const own = new Error('mine');
    const data = {
      odd: {
        toJSON: () => {
          throw own;
        },
      },
    };
    expect(() => textOf(data, NOTHING_HIDDEN)).toThrow(own);
  });
});

describe('what JSON cannot hold', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = { inner: [cycle] };
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];

  class Chest {
    content = new Map();
  }

  it.each([
    ['a BigInt', 1n],
    ['a BigInt', { nested: [{ big: 1n }] }],
    ['a cycle', cycle],
    ['a function', () => 1],
    ['a function', { nested: { fn: () => 1 } }],
    ['a symbol', Symbol('s')],
    ['a symbol', [Symbol('s')]],
    ['NaN', NaN],
    ['NaN', { nested: [NaN] }],
    ['Infinity', Infinity],
    ['-Infinity', [[-Infinity]]],
    ['a Map', new Map([['a', 1]])],
    ['a Set', { nested: new Set([1]) }],
    ['a Map', new Chest()],
    ['a RegExp', /x/],
    ['a Promise', Promise.resolve(1)],
    ['an array with an undefined element', [1, undefined]],
    ['an array with an undefined element', { nested: new Array(3) }],
    ['a value nested too deeply', deep],
    ['NaN', { toJSON: () => NaN }],
  ])('%s is refused with its key', (what, content) => {
    expect(() => refuseNonJson({ fine: 1, 'the key': content })).toThrow(
      new SessionDataError(
        `The session key "the key" contains ${what}, which JSON does not support; store plain JSON values.`,
      ),
    );
  });

  it.each([
    ['a BigInt', 1n],
    ['a cycle', cycle],
    ['a value nested too deeply', deep],
  ])('%s is named by textOf too, where JSON.stringify would only throw', (what, content) => {
    expect(() => textOf({ fine: 1, 'the key': content }, NOTHING_HIDDEN)).toThrow(
      new SessionDataError(
        `The session key "the key" contains ${what}, which JSON does not support; store plain JSON values.`,
      ),
    );
  });

  it('never shows the value', () => {
    const secret = { password: 'hunter2', big: 1n };
    expect(() => refuseNonJson({ secret })).toThrow(/^The session key "secret" contains a BigInt, which/);
    expect(() => refuseNonJson({ secret })).not.toThrow(/hunter2/);
  });

  it('lets pass what JSON holds, also through toJSON, also twice at different places', () => {
    const shared = { a: [1] };
    const fine = {
      date: new Date(0),
      url: new URL('http://x.test'),
      once: shared,
      again: [shared],
      gone: undefined,
    };
    expect(() => refuseNonJson(fine)).not.toThrow();
  });

  it('is found quickly in a large value', () => {
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, tags: ['a', 'b'] }));
    expect(cpuTimeOf(() => refuseNonJson({ rows }))).toBeLessThan(1_000);
  });
});

describe('parseObject', () => {
  it.each(['', 'nonsense', '[]', '"text"', '1', 'null', 'true', '{"a":1', '{"a":1}x'])(
    'refuses %j',
    (text) => {
      expect(() => parseObject(text)).toThrow(SyntaxError);
    },
  );
});

describe('setOwn and applyChanges', () => {
  it('keep __proto__ an own key and change no prototype', () => {
    const target = {};
    setOwn(target, '__proto__', { polluted: true });
    applyChanges(target, [['constructor', { prototype: { polluted: true } }]]);
    expect(Object.keys(target)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    applyChanges(target, [['__proto__', undefined]]);
    expect(Object.keys(target)).toEqual(['constructor']);
  });
});

describe('changesBetween', () => {
  it('hands out copies of its own', () => {
    const after = { cart: [1] };
    const changes = changesBetween('{}', JSON.stringify(after));
    after.cart.push(2);
    expect(changes.get('cart')).toEqual([1]);
  });

  it('finds nothing between equal texts without reading them', () => {
    expect(changesBetween('not JSON', 'not JSON').size).toBe(0);
  });
});

describe('parseStored()', () => {
  it.each(['12345678901e299', '1e309', '1E+0400', '9'.repeat(309), `1${'0'.repeat(250)}e60`])(
    'refuses a number that becomes Infinity: %s',
    (number) => {
      expect(() => parseStored(`{"n":${number}}`)).toThrow();
    },
  );

  it('finds such a number anywhere between others', () => {
    const short = fc.integer({ min: 1, max: 199 }).map((length) => '9'.repeat(length));
    const others = fc.array(short, { maxLength: 12 });
    fc.assert(
      fc.property(others, fc.integer({ min: 309, max: 700 }), others, (before, length, after) => {
        expect(parseStored(`{"n":[${[...before, ...after].join()}]}`)).toBeDefined();
        const numbers = [...before, '9'.repeat(length), ...after];
        expect(() => parseStored(`{"n":[${numbers.join()}]}`)).toThrow();
      }),
      runs(100),
    );
  });

  it.each(['1e99', '1e299', '9'.repeat(199), '"1e999"', '1e-400'])('keeps %s', (value) => {
    expect(parseStored(`{"n":${value}}`)).toEqual(JSON.parse(`{"n":${value}}`));
  });
});
