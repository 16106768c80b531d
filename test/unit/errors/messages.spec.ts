import { describe, expect, it } from '@jest/globals';
import { describe as describeValue, show } from '../../../lib/errors/describe.js';
import { messages } from '../../../lib/errors/messages.js';

class Chest {}

describe('describe', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [NaN, 'NaN'],
    [true, 'true'],
    ['', 'an empty string'],
    ['hunter2', 'a string'],
    [[], 'an empty array'],
    [['hunter2'], 'an array'],
    [{ password: 'hunter2' }, 'an object'],
    [Object.create(null), 'an object'],
    [new Chest(), 'a Chest'],
    [Buffer.from('hunter2'), 'a Buffer'],
    [Symbol('hunter2'), 'a symbol'],
    [10n, 'a bigint'],
    [describeValue, 'the function describe'],
    [() => 1, 'the function (anonymous)'],
  ])('calls %p %j', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  it.each([
    '{"constructor":{"name":"hunter2\\nforged log line"}}',
    '{"constructor":"hunter2"}',
    '{"constructor":null}',
    '{"__proto__":{"constructor":{"name":"hunter2"}}}',
  ])('takes nothing out of a body that pretends to have a class: %s', (body) => {
    expect(describeValue(JSON.parse(body))).toBe('an object');
  });
});

describe('show', () => {
  it('shows short strings, for options that are no secret, on one line', () => {
    expect(show('30 parsecs')).toBe('"30 parsecs"');
    expect(show('a\nb')).toBe('"a\\nb"');
    expect(show('x'.repeat(10_000)).length).toBeLessThan(100);
    expect(show(7)).toBe('7');
  });
});

describe('every message', () => {
  it.each(Object.keys(messages) as (keyof typeof messages)[])('%s is a whole sentence', (name) => {
    const message = messages[name] as string | ((...args: unknown[]) => string);
    const given = name === 'optionUnknown' ? ['x', ['y']] : ['x', 1, 'y', 2];
    const text = typeof message === 'string' ? message : message(...given);
    expect(text.length).toBeGreaterThan(20);
    // Some end with a remedy, or with a statement in SQL, that they are given.
    expect(text).toMatch(/\.$|[;:]\s\S+$/);
    expect(text).not.toMatch(/undefined|\[object/);
  });
});
