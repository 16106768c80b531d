import { describe, expect, it } from '@jest/globals';
import type { SessionRecord } from '../../../../lib/core/session-record.js';
import {
  bodyOf,
  headOf,
  pointerTo,
  recordIn,
  targetOf,
} from '../../../../lib/stores/redis/stored-session.js';

const ODD = 'a\0b\n>{"\ud83d \ude00 é👍\u2028';
const record: SessionRecord = {
  key: 'k',
  version: 12,
  data: `{"a":"${ODD}"}`,
  meta: ODD,
  userId: ODD,
  createdAt: 1,
  lastSeenAt: 2,
  expiresAt: 8_640_000_000_000_000,
  authenticatedAt: null,
  ip: ODD,
  userAgent: ODD,
  previousKey: 'p',
};

/** What comes back after UTF-8. */
const sent = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

describe('a stored session', () => {
  it.each([
    ['odd', record.data],
    ['ordinary', '{"a":1}'],
    ['empty', ''],
    ['with a quotation mark in front', '"=x'],
  ])('holds any text (data: %s)', (_, data) => {
    const odd = { ...record, data };
    expect(recordIn(sent(headOf(odd) + bodyOf(odd)), 'k')).toEqual(odd);
  });

  it('keeps ordinary data as it is, to be read with redis-cli', () => {
    expect(bodyOf({ ...record, data: '{"a":"é"}' })).toBe('={"a":"é"}');
  });

  it('is found by its key and its previous key alone', () => {
    const text = headOf(record) + bodyOf(record);
    expect(['k', 'p', 'other', ''].map((key) => recordIn(text, key)?.key)).toEqual([
      'k',
      'k',
      undefined,
      undefined,
    ]);
  });

  it('is no pointer, and a pointer is no session', () => {
    expect(targetOf(pointerTo('s:{k}'))).toBe('s:{k}');
    expect(recordIn(pointerTo('s:{k}'), 'k')).toBeUndefined();
    expect(targetOf(headOf(record))).toBeUndefined();
    expect(targetOf(null)).toBeUndefined();
  });

  it.each(['', 'x', '{"cookie":{}}', '1 k \n', '1 k \n{"a":1}\n={}', '1 k \n[]\nx', 'x k \n[]\n={}'])(
    'that somebody else wrote is unreadable, and no error: %j',
    (text) => {
      expect(recordIn(text, 'k')).toMatchObject({ key: 'k', meta: '' });
    },
  );
});
