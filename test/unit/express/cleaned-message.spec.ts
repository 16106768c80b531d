import { describe, expect, it } from '@jest/globals';
import { type Confidential, confidentialIn, safeError } from '../../../lib/core/store/safe-error.js';
import { messages } from '../../../lib/errors/messages.js';
import { cleanedMessage } from '../../../lib/express/cleaned-message.js';
import { changeOf, newRecord } from '../../../lib/testing/contract/records.js';
import { NOTHING, shownError } from '../core/support/shown-error.js';

const shown = (error: unknown, about?: Confidential): Error => shownError(error, about, cleanedMessage);

describe('the error of a store that the drop-in hands on', () => {
  it('quotes names alone where its code says so', () => {
    const message = 'row for "session" violates the check "no_bad"';
    const error = Object.assign(new Error(message), { code: '23514', detail: 'SECRET' });
    expect(shown(error)).toMatchObject({ message, code: '23514' });
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
    ['', messages.driverSilent],
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
    expect(shown(new Error('SECRET'), large).message).toBe(messages.driverSilent);
  });

  it('that is no error is what it was, unless it quotes something', () => {
    expect(shown('it is "SECRET"').message).toBe('it is …');
    for (const plain of ['down', 5, false, undefined, null])
      expect(safeError(plain, NOTHING, cleanedMessage)).toBe(plain);
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
