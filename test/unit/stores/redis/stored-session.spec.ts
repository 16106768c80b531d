import { describe, expect, it } from '@jest/globals';
import { isRecord, isUnreadable, type SessionRecord } from '../../../../lib/core/record/session-record.js';
import {
  bodyOf,
  headOf,
  HOLD,
  ownerIn,
  ownerLine,
  recordIn,
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
  reference: ODD,
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
    const previous = { previousToken: null, previousUntil: null };
    const bare = { ...record, ...previous, meta: null, userId: null, reference: null, ip: null };
    expect(recordIn(valueOf(bare), 'k')).toEqual(bare);
    expect(recordIn(valueOf({ ...bare, reference: 'r' }), 'k')).toEqual({ ...bare, reference: 'r' });
  });

  it('has the version that comes first', () => {
    expect(recordIn(valueOf(record, '12 9 7'), 'k')?.version).toBe(12);
  });

  it('keeps ordinary data as it is, to be read with redis-cli', () => {
    expect(bodyOf({ ...record, data: '{"a":"é"}' })).toBe('={"a":"é"}');
  });

  it('has its user in the second line, with its reference if it has one, and nothing else there', () => {
    const secondOf = (owner: Partial<SessionRecord>): string | undefined =>
      valueOf({ ...record, ...owner }).split('\n')[1];
    expect(secondOf({ userId: 'ada', reference: null })).toBe('"ada"');
    expect(secondOf({ userId: 'ada', reference: 'r' })).toBe('["ada","r"]');
    expect(secondOf({ userId: null, reference: null })).toBe('null');
    for (const userId of [ODD, 'null', '', null])
      for (const reference of [null, 'r', ODD])
        expect(ownerIn(sent(ownerLine({ userId, reference })))).toEqual({ userId, reference });
    for (const line of ['null', '5', '{', '', '[]', '[5,5]', '{"userId":"ada"}'])
      expect(ownerIn(line)).toEqual({ userId: null, reference: null });
  });

  it.each(['5', '[5,"r"]', '["ada",5]', '["ada"]', '[]', '{}', '{'])(
    'cannot be read with the owner %s',
    (line) => {
      const damaged = valueOf({ ...record, userId: 'ada' }).replace(/\n[^\n]*\n/, `\n${line}\n`);
      const found = recordIn(damaged, 'k')!;
      expect(isUnreadable(found) || !isRecord(found)).toBe(true);
    },
  );

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
