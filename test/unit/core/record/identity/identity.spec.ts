import { describe, expect, it } from '@jest/globals';
import { type Acting, isActing } from '../../../../../lib/core/record/identity/acting.js';
import { personsOf, recordAt } from '../../../../../lib/core/record/identity/identity.js';
import { parseMeta, type SessionMeta } from '../../../../../lib/core/record/session-meta.js';
import type { SessionRecord } from '../../../../../lib/core/record/session-record.js';

const ACTING: Acting = { as: '42', own: 7, until: 1_000, onLimit: 'stop' };

function record(meta: object, data: object = { userId: 42, cart: [1] }): SessionRecord {
  const text = JSON.stringify(meta);
  return {
    ...{ key: 'k', token: 't', previousToken: null, previousUntil: null, epoch: 3, version: 5, userId: '7' },
    reference: null,
    ...{ createdAt: 1, lastSeenAt: 2, expiresAt: 5_000, authenticatedAt: 1, ip: null, userAgent: null },
    data: JSON.stringify(data),
    meta: text,
  };
}

describe('recordAt', () => {
  it('leaves a record alone whose time to act is not over, and every other', () => {
    for (const one of [record({ acting: ACTING }), record({}), { ...record({}), meta: null }])
      expect(recordAt(one, 999)).toBe(one);
  });

  it('gives the session back to its owner when the time is over', () => {
    const meta: SessionMeta = { levels: [[2, 1]], csrf: 'x'.repeat(43), acting: ACTING };
    const before = record(meta);
    const after = recordAt(before, 1_000);
    expect(JSON.parse(after.data)).toEqual({ userId: 7, cart: [1] });
    expect(parseMeta(after.meta)).toEqual({ levels: [[2, 1]] });
    expect(after).toEqual({ ...before, epoch: 4, due: 'renewal', data: after.data, meta: after.meta });
  });

  it('removes a userId that the owner had not', () => {
    const { own: _, ...acting } = ACTING;
    const after = recordAt(record({ acting }), 1_000);
    expect([JSON.parse(after.data), after.meta]).toEqual([{ cart: [1] }, null]);
  });

  it('ends the session then, where that was asked for', () => {
    const before = record({ acting: { ...ACTING, onLimit: 'end' } });
    expect(recordAt(before, 2_000)).toEqual({ ...before, expiresAt: 1_000 });
  });

  it('does neither where the application has put another user into the data', () => {
    for (const onLimit of ['stop', 'end']) {
      const other = record({ acting: { ...ACTING, onLimit } }, { userId: 'eve' });
      expect(recordAt(other, 2_000)).toBe(other);
    }
  });

  it.each(['', '{', '{"acting":{}}', '{"acting":'])(
    'leaves what cannot be read to others: meta %j',
    (meta) => {
      const one = { ...record({}), meta };
      expect(recordAt(one, 2_000)).toBe(one);
      expect(personsOf(one)).toEqual({ userId: '7' });
    },
  );

  it('leaves data to others that cannot be read', () => {
    const one = { ...record({ acting: ACTING }), data: '{' };
    expect(recordAt(one, 2_000)).toBe(one);
  });
});

describe('personsOf', () => {
  it('tells whose session it is, and who acts in it', () => {
    expect(personsOf(record({ acting: ACTING }))).toEqual({ userId: '42', actor: '7' });
    expect(personsOf(record({ flash: { a: [['n', '"acting"']] } }))).toEqual({ userId: '7' });
    expect(personsOf({ ...record({}), userId: null })).toEqual({ userId: null });
    expect(personsOf({})).toEqual({ userId: null });
  });
});

it.each([
  null,
  1,
  [],
  {},
  { ...ACTING, as: 1 },
  { ...ACTING, own: {} },
  { ...ACTING, own: Infinity },
  { ...ACTING, until: '1' },
  { ...ACTING, until: Infinity },
  { ...ACTING, onLimit: 'x' },
])('%j says of nobody that they act', (value) => expect(isActing(value)).toBe(false));
