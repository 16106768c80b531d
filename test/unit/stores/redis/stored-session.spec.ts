import { describe, expect, it } from '@jest/globals';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import {
  bodyOf,
  headOf,
  HOLD,
  ownerLine,
  recordIn,
  userIn,
} from '../../../../lib/stores/redis/stored-session.js';

const ODD = 'a\0b\n>{"\ud83d \ude00 é👍\u2028';
const record: SessionRecord = {
  key: 'k',
  token: ODD,
  previousToken: ODD,
  previousUntil: 3,
  epoch: 4,
  version: Number.MAX_SAFE_INTEGER,
  data: `{"a":"${ODD}"}`,
  meta: ODD,
  userId: ODD,
  createdAt: 1,
  lastSeenAt: 2,
  expiresAt: 8_640_000_000_000_000,
  authenticatedAt: null,
  ip: ODD,
  userAgent: ODD,
};

/** What comes back after UTF-8. */
const sent = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

const valueOf = (some: SessionRecord, versions = String(some.version)): string =>
  sent(`${versions}\n${headOf(some)}${bodyOf(some)}`);

describe('a stored session', () => {
  it.each([
    ['odd', record.data],
    ['ordinary', '{"a":1}'],
    ['empty', ''],
    ['with a quotation mark in front', '"=x'],
    ['with line breaks', '\n\n=\n'],
  ])('holds any text (data: %s)', (_, data) => {
    const odd = { ...record, data };
    expect(recordIn(valueOf(odd), 'k')).toEqual(odd);
  });

  it('holds nothing where nothing is', () => {
    const bare = { ...record, previousToken: null, previousUntil: null, meta: null, userId: null, ip: null };
    expect(recordIn(valueOf(bare), 'k')).toEqual(bare);
  });

  it('has the version that comes first', () => {
    expect(recordIn(valueOf(record, '12 9 7'), 'k')?.version).toBe(12);
  });

  it('keeps ordinary data as it is, to be read with redis-cli', () => {
    expect(bodyOf({ ...record, data: '{"a":"é"}' })).toBe('={"a":"é"}');
  });

  it('has its user in the second line, and nothing else there', () => {
    const [, second] = valueOf({ ...record, userId: 'ada' }).split('\n');
    expect(second).toBe('"ada"');
    expect(ownerLine(null)).toBe('null');
    expect([ODD, 'null', ''].map((user) => userIn(sent(ownerLine(user))))).toEqual([ODD, 'null', '']);
    expect(['null', '5', '{', ''].map(userIn)).toEqual([null, null, null, null]);
  });

  it('is no hold, and a hold is no session', () => {
    expect(recordIn(`${HOLD}12`, 'k')).toBeUndefined();
    expect(valueOf(record).startsWith(HOLD)).toBe(false);
  });

  it.each([
    '',
    'x',
    '{"cookie":{}}',
    '1\nnull\n[]\n={}',
    '1\nnull\n{"a":1}\n={}',
    '1\nnull\n[1,2,3,4,5,6,7,8,9,10,11]\nx',
    'x\nnull\n[1,2,3,4,5,6,7,8,9,10,11]\n={}',
    '1\nx\n[1,2,3,4,5,6,7,8,9,10,11]\n={}',
  ])('that somebody else wrote is unreadable, and no error: %j', (text) => {
    expect(recordIn(text, 'k')).toMatchObject({ key: 'k', meta: '' });
  });

  it.each([undefined, null, 5])('is nothing else than text: %p', (value) => {
    expect(recordIn(value, 'k')).toBeUndefined();
  });
});
