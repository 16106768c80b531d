import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { parseMeta } from '../../lib/core/record/session-meta.js';
import { parseStored, refuseNonJson } from '../../lib/core/record/session-text.js';
import { SessionDataError } from '../../lib/errors/session-data.error.js';
import { cpuTimeOf } from '../support/cpu-time.js';
import { World } from '../unit/core/support/world.js';

/** Values at a depth of 990, in some 100 KB. */
function deepValue(): object {
  let value: Record<string, unknown> = { end: true };
  for (let depth = 0; depth < 985; depth++) value = { inner: value, list: [1, { a: 'x'.repeat(40) }, 2] };
  return value;
}

/** How many members are compared with others, one by one, while something runs. */
function comparisons(work: () => unknown): number {
  let compared = 0;
  for (const name of ['includes', 'indexOf', 'some', 'find'] as const) {
    const method = Reflect.get(Array.prototype, name) as (...args: unknown[]) => unknown;
    jest.spyOn(Array.prototype, name).mockImplementation(function (this: unknown[], ...args: unknown[]) {
      compared += this.length;
      return Reflect.apply(method, this, args) as never;
    });
  }
  work();
  jest.restoreAllMocks();
  return compared;
}

/** What data costs grows with its size, and not with its depth as well (counted, not timed). */
describe('the cost of data', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is one look at each value, however deep it lies', () => {
    const data = { deep: deepValue() };
    expect(JSON.stringify(data).length).toBeGreaterThan(60_000);
    expect(comparisons(() => refuseNonJson(data))).toBe(0);
  });

  it('is as many looks at a value as a write has steps: one to make its text, one to check it', async () => {
    const world = new World();
    let looks = 0;
    const counted = (): object => ({
      get value() {
        looks++;
        return 1;
      },
    });
    let deep = counted();
    for (let depth = 0; depth < 500; depth++) deep = { deep, list: [counted()] };
    await world.request(undefined, (session) => void (session.deep = deep));
    expect(looks).toBeLessThanOrEqual(2 * 501);
  });

  it.each(['9'.repeat(199) + 'x', '1e' + '0'.repeat(299) + 'x', '1e99'])(
    'is one look at each character of text such as %s, where a search that starts again takes seconds',
    (text) => {
      const large = JSON.stringify({ text: text.repeat(Math.ceil(4_000_000 / text.length)) });
      expect(parseStored(large)).toEqual(JSON.parse(large));
      expect(cpuTimeOf(() => parseStored(large))).toBeLessThan(3_000); // it takes a tenth of that
    },
  );

  it('is the same for flash values, once: later requests do not look at them again', async () => {
    const world = new World();
    const { token } = await world.request(undefined, (session) => session.flash('deep', deepValue()));
    const looks = jest.spyOn(Object, 'hasOwn');
    const parses = jest.spyOn(JSON, 'parse');
    await world.request(token, (session) => session.createdAt);
    expect(looks.mock.calls.length).toBeLessThan(100);
    const large = parses.mock.calls.filter(([text]) => text.length > 10_000);
    expect(large.length).toBeLessThanOrEqual(1);
    jest.restoreAllMocks();
    const { visit } = await world.request(token, (session) => {
      expect(session.flash('deep')).toEqual([deepValue()]);
    });
    expect(visit.session).toEqual({});
  });

  it('finds what cannot be written again in a text that somebody wrote by hand', () => {
    const bracketed = `${'['.repeat(1_001)}${']'.repeat(1_001)}`;
    for (const value of ['1e999', '1e1000', '1E+0400', '9'.repeat(400), bracketed]) {
      expect(() => parseStored(`{"a":${value}}`)).toThrow(SessionDataError);
      expect(() => parseMeta(`{"flash":{"a":[["x",${value}]]}}`)).toThrow(SyntaxError);
    }
    for (const value of ['1e200', '"1e999"', `"${bracketed}"`, '[[1]]']) {
      expect(parseStored(`{"a":${value}}`)).toEqual({ a: JSON.parse(value) });
      expect(parseMeta(`{"flash":{"a":[["x",${value}]]}}`)).toEqual({
        flash: { a: [['x', JSON.parse(value)]] },
      });
    }
  });

  it('lets values of the greatest depth come back, as data and as flash values', async () => {
    const world = new World();
    let deepest: unknown = 1;
    for (let depth = 0; depth < 1_000; depth++) deepest = [deepest];
    const { token } = await world.request(undefined, (session) => {
      session.deepest = deepest;
      session.flash('deepest', deepest);
    });
    await world.request(token, (session) => {
      expect(JSON.stringify(session.deepest)).toBe(JSON.stringify(deepest));
      expect(JSON.stringify(session.flash('deepest'))).toBe(JSON.stringify([deepest]));
      expect(() => session.flash('deepest', [deepest])).toThrow('nested too deeply');
    });
  });
});
