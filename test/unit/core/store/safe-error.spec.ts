import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { safeError } from '../../../../lib/core/store/safe-error.js';
import { messages } from '../../../../lib/errors/messages.js';
import { StoreFault } from '../../../../lib/errors/store-fault.js';
import { NOTHING, shownError as shown } from '../support/shown-error.js';

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

describe('the error of a driver', () => {
  it('keeps its class, its codes and its place, and nothing that it says or that was hung on it', () => {
    const safe = shown(new DriverError('SECRET violates the check'));
    expect(safe).toMatchObject({
      name: 'DriverError',
      message: '23514: a CHECK refused the row',
      code: '23514',
      errno: 4025,
      sqlState: '23000',
    });
    expect(safe.stack).toMatch(/^DriverError: 23514: .*\n {4}at .*safe-error\.spec/);
  });

  it('is left out of the stack where its message had it', () => {
    const error = new Error('SECRET and\n    at SECRET');
    expect(error.stack).toContain('SECRET'); // it is made when somebody first looks
    error.message = 'harmless';
    expect(shown(error)).not.toBe(error);
    expect(shown(new Error('"SECRET"\n    at SECRET (SECRET)"')).message).toBe(messages.driverSilent);
    const planted = new Error('connect ETIMEDOUT');
    planted.stack = 'Error: connect ETIMEDOUT\n    at SECRET';
    expect(shown(planted).stack).toBe('Error: connect ETIMEDOUT');
  });

  it.each<[string, object, string]>([
    ['no SECRET', {}, messages.driverSilent],
    ['', {}, messages.driverSilent],
    ['SECRET', { code: 'ER_DUP_ENTRY', errno: 1062 }, messages.driverCode('ER_DUP_ENTRY')],
    ['SECRET', { code: '22P02' }, messages.driverCode('22P02')],
    ['SECRET', { code: '42P01' }, '42P01: the table does not exist'],
    ['SECRET', { code: 'constructor' }, messages.driverCode('constructor')],
    [
      'connect ECONNREFUSED 127.0.0.1:5432',
      { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 5432 },
      'connect ECONNREFUSED 127.0.0.1:5432',
    ],
    [
      'connect ENOENT SECRET',
      { code: 'ENOENT', syscall: 'connect', address: 'SECRET', port: 'SECRET' },
      'connect ENOENT',
    ],
    ['getaddrinfo ENOTFOUND SECRET', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'getaddrinfo ENOTFOUND'],
    ['SECRET', { code: 'ECONNRESET', syscall: 'a SECRET' }, messages.driverCode('ECONNRESET')],
    ['OOM command not allowed: SECRET', {}, 'OOM: the server is out of memory (maxmemory)'],
    ['NOAUTH Authentication required.', {}, 'NOAUTH: the server requires a password'],
    ['ERR Error running script SECRET: WRONGTYPE SECRET', {}, 'WRONGTYPE: a key has another type'],
    ["ERR unknown command 'EVALSHA', with args beginning with: 'SECRET'", {}, 'ERR unknown command'],
    ['ERR SECRET', {}, messages.driverSilent],
    ['SECRET OOM', {}, messages.driverSilent],
    ['Query read timeout', {}, 'Query read timeout'],
    ['no such table: SECRET', { code: 'SQLITE_ERROR' }, 'no such table'],
  ])('has a message of this package: %s %j', (message, codes, own) => {
    expect(shown(Object.assign(new Error(message), codes)).message).toBe(own);
  });

  it('passes a second time as it left', () => {
    const once = safeError(new Error('OOM SECRET'), NOTHING);
    expect(safeError(once, NOTHING)).toBe(once);
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
    const silent = { message: messages.driverSilent };
    expect(safe).toMatchObject({ name: 'AggregateError', ...silent });
    expect(safe.errors).toMatchObject([{ name: 'DriverError', code: '23514' }, silent]);
    expect(safe.cause).toMatchObject({ name: 'DriverError', code: '23514', cause: silent });
    const round = new DriverError('round');
    round.cause = round;
    expect(shown(round)).toMatchObject({ code: '23514', cause: { code: '23514' } });
  });

  it('of another realm, or that is no error, is an error with a message', () => {
    const foreign: unknown = runInNewContext(
      `Object.assign(new TypeError('broken "SECRET"'), { sql: 'SECRET' })`,
    );
    expect(shown(foreign)).toMatchObject({ name: 'TypeError', message: messages.driverSilent });
    expect(shown({ message: 'old "SECRET"', code: 'OLD', sql: 'SECRET' })).toMatchObject({
      message: messages.driverCode('OLD'),
      code: 'OLD',
    });
    expect(shown({ SECRET: 1 }).message).toBe('The store failed with an object instead of an error.');
    expect(shown(() => 'SECRET').message).toMatch(/^The store failed with the function/);
    for (const said of ['it is SECRET', 5]) expect(shown(said).message).toBe(messages.driverSilent);
    for (const plain of [false, undefined, null]) expect(safeError(plain, NOTHING)).toBe(plain);
  });
});

describe('an error that shows nothing', () => {
  it.each([
    new StoreFault('The database was closed, says this package.'),
    new Error('Connection terminated unexpectedly'),
    Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' }),
  ])('stays the very error: %s', (error) => {
    expect(shown(error)).toBe(error);
  });
});
