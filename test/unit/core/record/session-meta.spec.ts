import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { metaText, parseMeta, type SessionMeta } from '../../../../lib/core/record/session-meta.js';
import { FlashChanges } from '../../../../lib/core/request/flash-changes.js';
import { FlashClaims } from '../../../../lib/core/request/flash-claims.js';
import { runs } from '../../../support/property.js';

/** The changes of a request that competes with no other. */
const newChanges = (): FlashChanges => new FlashChanges(new FlashClaims(() => 0), {});

type Flash = SessionMeta['flash'];

/** As it is after the store. */
const stored = (flash: Flash): Flash => parseMeta(metaText({ ...(flash && { flash }) })).flash;

function added(...entries: [key: string, value: unknown][]): Flash {
  const changes = newChanges();
  for (const [key, value] of entries) changes.add(key, value);
  return stored(changes.applyTo(undefined));
}

describe('metaText and parseMeta', () => {
  it('keep nothing where there is nothing to keep', () => {
    expect(metaText({})).toBeNull();
    expect(parseMeta(null)).toEqual({});
  });

  it('are each other’s opposite', () => {
    const meta: SessionMeta = {
      flash: { notice: [['a', 1]] },
      cookie: { originalMaxAge: null },
      rotation: { at: 1, successor: 'sealed' },
      cookieDue: true,
    };
    expect(parseMeta(metaText(meta))).toEqual(meta);
  });

  it.each(['', '[]', 'null', '"x"', '{'])('refuse the text %j', (text) => {
    expect(() => parseMeta(text)).toThrow(SyntaxError);
  });
});

/** Texts of `meta` that hold a value under a name. */
const texts = (name: string, values: unknown[]): string[] =>
  values.map((value) => JSON.stringify({ version: 1, [name]: value }));

describe('parseMeta', () => {
  it.each([
    ...texts('version', [null, '1', -1, 1.5, true, {}, [], 2 ** 53]),
    ...texts('flash', [null, 1, 'x', [], { a: null }, { a: {} }, { a: [1] }, { a: ['ab'] }, { a: [['x']] }]),
    ...texts('flash', [{ a: [[1, 'v']] }, { a: [['x', 1], null] }, { ['__proto__']: 1 }]),
    ...texts('cookie', [null, 1, 'x', [], { path: {} }, { httpOnly: [] }, { sameSite: { a: 1 } }]),
    ...texts('cookie', [{ originalMaxAge: '1' }, { originalMaxAge: true }, { originalMaxAge: {} }]),
    ...texts('rotation', [null, 1, [], {}, { at: '1' }, { successor: 'sealed' }, { at: null }]),
    ...texts('rotation', [
      { at: 1, successor: 3 },
      { at: 1, successor: null },
    ]),
    '{"rotation":{"at":1e999}}',
    `{"flash":{"a":[["x",${'['.repeat(2_000)}${']'.repeat(2_000)}]]}}`,
  ])('refuses %.60s', (text) => {
    expect(() => parseMeta(text)).toThrow(SyntaxError);
  });

  it('passes over what a newer release may have stored, at every level', () => {
    const known: SessionMeta = {
      version: 2,
      flash: { notice: [['a', 1]] },
      cookie: { path: '/a', originalMaxAge: null },
      rotation: { at: 1, successor: 'sealed' },
      cookieDue: true,
    };
    const newer = {
      ...known,
      newer: { a: 1 },
      cookie: { ...known.cookie, newer: 1, maxAge: 5, snapshot: 1, resetMaxAge: null },
      rotation: { ...known.rotation, until: 2, newer: [] },
    };
    expect(parseMeta(JSON.stringify(newer))).toEqual(known);
  });

  it.each([false, null, 1, 'yes', {}])('takes %j for no mark of a cookie that is due', (cookieDue) => {
    expect(parseMeta(JSON.stringify({ cookieDue }))).toEqual({});
  });

  it('keeps what it does not know of a flash value, for the release that does', () => {
    const flash = { notice: [['a', 1, 'newer']] };
    expect(parseMeta(JSON.stringify({ flash })).flash).toEqual(flash);
  });

  it('passes over cookie settings that no header can be made of, and keeps all others', () => {
    const wrong = { path: 'a;b', domain: '-x', sameSite: 'odd', priority: 5 };
    const right = { httpOnly: false, secure: 'auto', partitioned: true };
    expect(parseMeta(JSON.stringify({ cookie: { ...wrong, ...right } }))).toEqual({ cookie: right });
    const all = { path: '/a', domain: '.example.org', sameSite: 'Strict', priority: 'high', secure: null };
    expect(parseMeta(JSON.stringify({ cookie: all }))).toEqual({ cookie: all });
  });

  it.each([
    ['1e999', 8.6e15],
    ['-1e300', -8.6e15],
    ['false', null],
    ['60000', 60_000],
  ])('reads the life %s of a cookie as %d milliseconds', (life, expected) => {
    const { cookie } = parseMeta(`{"cookie":{"originalMaxAge":${life}}}`);
    expect(cookie).toEqual({ originalMaxAge: expected });
    expect(new Date(Date.now() + (cookie!.originalMaxAge ?? 0)).getTime()).not.toBeNaN();
  });

  it('gives the end of a cookie to those who ask for it by name, and to nobody who takes the settings over', () => {
    const { cookie } = parseMeta('{"cookie":{"path":"/","expires":"2030-01-01"}}');
    expect(Object.keys(cookie!)).toEqual(['path']);
    expect((cookie as { expires?: unknown }).expires).toBe('2030-01-01');
  });

  it('of any JSON gives a value or a SyntaxError, and changes no prototype', () => {
    const names = fc.constantFrom('flash', 'cookie', 'rotation', 'version', 'cookieDue', 'at', '__proto__');
    fc.assert(
      fc.property(fc.object({ key: names }), (meta) => {
        try {
          expect(parseMeta(metaText(parseMeta(JSON.stringify(meta))))).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      runs(300),
    );
  });
});

describe('flash values', () => {
  it('come back in the order they were added, stored ones first, once', () => {
    const before = added(['notice', 1], ['other', 'x'], ['notice', 2]);
    const request = newChanges();
    request.add('notice', 3);
    expect(request.take('notice', before)).toEqual([1, 2, 3]);
    expect(request.take('notice', before)).toEqual([]);
    expect(request.take('other', before)).toEqual(['x']);
    expect(request.applyTo(before)).toBeUndefined();
  });

  it('are no change when there were none to take', () => {
    const request = newChanges();
    expect(request.take('notice', undefined)).toEqual([]);
    expect(request.any).toBe(false);
  });

  it('that were added and taken in the same request leave nothing to store', () => {
    const request = newChanges();
    request.add('notice', 1);
    expect([request.any, request.anyAdded]).toEqual([true, true]);
    request.take('notice', undefined);
    expect([request.any, request.anyAdded]).toEqual([false, false]);
  });

  it('that somebody else added meanwhile survive a take', () => {
    const seen = added(['notice', 'seen']);
    const request = newChanges();
    request.take('notice', seen);
    const other = newChanges();
    other.add('notice', 'later');
    const newer = stored(other.applyTo(seen));
    expect(newChanges().take('notice', request.applyTo(newer))).toEqual(['later']);
  });

  it('of two requests at the same time are all kept', () => {
    const [one, two] = [newChanges(), newChanges()];
    one.add('notice', 1);
    two.add('notice', 2);
    const both = two.applyTo(stored(one.applyTo(undefined)));
    expect(newChanges().take('notice', both)).toEqual([1, 2]);
  });

  it('may have any key, and change no prototype', () => {
    const keys = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\0', 'flash'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, fc.jsonValue()), { minLength: 1, maxLength: 6 }), (entries) => {
        const flash = added(...entries);
        const reader = newChanges();
        for (const key of new Set(entries.map(([name]) => name))) {
          const expected = entries.filter(([name]) => name === key).map(([, value]) => value);
          expect(JSON.stringify(reader.take(key, flash))).toBe(JSON.stringify(expected));
        }
        expect(stored(reader.applyTo(flash))).toBeUndefined();
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { seed: 3 },
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])('%s has none where none was added', (key) => {
    expect(newChanges().take(key, added(['notice', 1]))).toEqual([]);
  });
});

describe('flash changes', () => {
  it('are copied with what they hold, and then go their own way', () => {
    const before = added(['notice', 1]);
    const original = newChanges();
    original.add('mine', 1);
    const copy = original.copy();
    copy.add('mine', 2);
    copy.take('notice', before);
    expect(original.take('mine', before)).toEqual([1]);
    expect(original.take('notice', before)).toEqual([1]);
  });

  it('that are all stored are no changes any more', () => {
    const before = added(['notice', 1]);
    const request = newChanges();
    request.add('other', 2);
    request.take('notice', before);
    request.settle(stored(request.applyTo(before)));
    expect([request.any, request.anyAdded]).toEqual([false, false]);
  });

  it('that are stored are forgotten, and those made since remain', () => {
    const request = newChanges();
    request.add('notice', 'stored');
    const record = stored(request.applyTo(undefined));
    request.add('notice', 'later');
    request.settle(record);
    expect(request.take('notice', record)).toEqual(['stored', 'later']);
    request.settle(undefined);
    expect(request.any).toBe(false);
  });
});
