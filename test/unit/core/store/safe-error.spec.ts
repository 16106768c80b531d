import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { type Confidential, confidentialIn, safeError } from '../../../../lib/core/store/safe-error.js';
import { SessionStoreError } from '../../../../lib/errors/session-store.error.js';
import { changeOf, newRecord } from '../../../../lib/testing/contract/records.js';

const NOTHING: Confidential = { names: [], texts: [] };

/** An error of a driver, with everything that drivers hang on theirs. */
class DriverError extends Error {
  readonly command = { name: 'evalsha', args: ['SECRET'] };
  readonly detail = 'Failing row contains (SECRET).';
  readonly where = 'SECRET';
  readonly query = 'INSERT SECRET';
  readonly parameters = ['SECRET'];
  readonly sql = 'SECRET';
  readonly driverError = new Error('SECRET');
  readonly code: string = '23514';
  readonly errno = 4025;
  readonly sqlState = '23000';
  readonly [inspect.custom] = (): string => 'SECRET';
  readonly toJSON = (): string => 'SECRET';
}

/** What is left of an error; nothing that anybody may print of it has a secret. */
function shown(error: unknown, about = NOTHING): Error {
  const safe = safeError(error, about);
  const wrapped = new SessionStoreError('failed', { cause: safe });
  const everything = [
    inspect(wrapped, { depth: 20, showHidden: true, getters: true }),
    inspect(safe, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(safe),
    String(safe),
    (safe as Error | undefined)?.stack,
  ];
  expect(everything.join('\n')).not.toContain('SECRET');
  return safe as Error;
}

describe('the error of a driver', () => {
  it('keeps its class, its codes, its place and its message, and nothing that was hung on it', () => {
    const safe = shown(new DriverError('row for "session" violates the check "no_bad"'));
    expect(safe).toMatchObject({
      name: 'DriverError',
      message: 'row for "session" violates the check "no_bad"', // this code quotes names alone
      code: '23514',
      errno: 4025,
      sqlState: '23000',
    });
    expect(safe.stack).toMatch(/^DriverError: row for .*\n {4}at .*safe-error\.spec/);
  });

  it('is left out of the stack where its message had it', () => {
    const error = new Error('SECRET and\n    at SECRET');
    expect(error.stack).toContain('SECRET'); // it is made when somebody first looks
    error.message = 'harmless';
    expect(shown(error)).not.toBe(error);
    expect(shown(new Error('"SECRET"\n    at SECRET (SECRET)"')).message).toBe('…');
  });

  it.each([
    [`Duplicate entry 'SECRET' for key 'PRIMARY'`, 'Duplicate entry …'],
    [`Incorrect value: 'it's SECRET' for column 'data' at row 1`, 'Incorrect value: … at row 1'],
    [
      `Unexpected token 'S', "{"text":"SECRET"... is not valid JSON`,
      'Unexpected token …... is not valid JSON',
    ],
    [`dup key: { _id: "SECRET" }`, 'dup key: { _id: … }'],
    ["ERR unknown command 'EVALSHA', with args beginning with: 'SECRET' ", 'ERR unknown command … '],
    ['invalid input near "SECRET', 'invalid input near …'],
    ["E'SECRET' is no number", 'E… is no number'],
    ["The server doesn't answer, and can't be reached.", "The server doesn't answer, and can't be reached."],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 127.0.0.1:5432'],
    [`${'x'.repeat(600)} SECRET`, `${'x'.repeat(500)}…`],
    ['', 'The driver provided no message that can be shown without session data.'],
  ])('does not say what it quotes: %.60s', (message, left) => {
    expect(shown(new Error(message)).message).toBe(left);
  });

  it('does not say what the call was about, quoted or not', () => {
    const record = newRecord({
      id: 'SECRET-id',
      token: 'SECRET-t',
      userId: 'SECRET@user',
      data: '{"a":"SECRET1"}',
    });
    const about = confidentialIn([changeOf(record, { data: '{"b":"SECRET2"}' }), 'SECRET-key', 'ann']);
    const message = `no SECRET-id SECRET-t SECRET@user SECRET2 SECRET-key ${record.key} of ann`;
    expect(shown(new Error(message), about).message).toBe('no … … … … … … of …');
    expect(shown(new Error('no SECRET1'), confidentialIn([record])).message).toBe('no …');
    const short = confidentialIn([newRecord({ data: '{"password":"tulip"}' })]);
    expect(shown(new Error('no tulip in the row'), short).message).toBe('no … in the row');
    const large = confidentialIn([newRecord({ data: `{"a":"${'x'.repeat(2 ** 20)}"}` })]);
    expect(shown(new Error('SECRET'), large).message).toContain('provided no message');
  });

  it('may have no code that the call was about, nor one that is no code', () => {
    const codes = { code: 'SECRET', errno: { a: 'SECRET' }, sqlState: 'a SECRET b', status: 503 };
    const about = { names: ['SECRET'], texts: [] };
    const safe = shown(Object.assign(new Error('failed'), codes), about);
    expect(Object.entries(safe)).toEqual([['status', 503]]);
  });

  it('is as silent about what caused it, and what it is made of', () => {
    const error = new AggregateError(
      [new DriverError('made of'), new Error('a "SECRET"'), 'SECRET', { a: 1 }],
      'all failed',
      {
        cause: new DriverError('a', { cause: new Error('b', { cause: { SECRET: 1 } }) }),
      },
    );
    const safe = shown(error) as AggregateError;
    expect(safe).toMatchObject({ name: 'AggregateError', message: 'all failed' });
    expect(safe.errors).toMatchObject([{ name: 'DriverError', code: '23514' }, { message: 'a …' }]);
    expect(safe.cause).toMatchObject({ name: 'DriverError', message: 'a', cause: { message: 'b' } });
    const round = new DriverError('round');
    round.cause = round;
    expect(shown(round)).toMatchObject({ message: 'round', cause: { message: 'round' } });
  });

  it('of another realm, or that is no error, is an error with a message', () => {
    const foreign: unknown = runInNewContext(
      `Object.assign(new TypeError('broken "SECRET"'), { sql: 'SECRET' })`,
    );
    expect(shown(foreign)).toMatchObject({ name: 'TypeError', message: 'broken …' });
    expect(shown({ message: 'old "SECRET"', code: 'OLD', sql: 'SECRET' })).toMatchObject({
      message: 'old …',
      code: 'OLD',
    });
    expect(shown({ SECRET: 1 }).message).toBe('The store failed with an object instead of an error.');
    expect(shown(() => 'SECRET').message).toMatch(/^The store failed with the function/);
    expect(shown('it is "SECRET"').message).toBe('it is …');
    for (const plain of ['down', 5, false, undefined, null]) expect(safeError(plain, NOTHING)).toBe(plain);
  });
});

describe('an error that shows nothing', () => {
  it.each([
    new Error('the store is down'),
    new RangeError('too far'),
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED', errno: -111 }),
    Object.assign(new Error('two\nlines'), { status: 503, name: 'StoreDown' }),
  ])('stays the very error: %s', (error) => {
    expect(shown(error)).toBe(error);
  });
});
