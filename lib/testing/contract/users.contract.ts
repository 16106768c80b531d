import assert from 'node:assert/strict';
import type { SessionRecord, SessionSummary } from '../../core/session-record.js';
import { knowsUsers, type SessionStore, type UserSessionStore } from '../../core/session-store.js';
import type { ContractTest } from '../session-store.contract.js';
import {
  assertRecord,
  changeOf,
  created,
  keysOf,
  newRecord,
  newRecords,
  readOne,
  renewalOf,
} from './records.js';

export function usersContract(declare: ContractTest): void {
  const test = (name: string, body: (store: SessionStore & UserSessionStore) => Promise<void>): void =>
    declare(name, async (store) => {
      if (knowsUsers(store)) await body(store);
    });

  test('finds the sessions of a user, newest first', async (store) => {
    const now = Date.now();
    const own = [2, 1, 3].map((age) => newRecord({ userId: 'ada', createdAt: now - age }));
    await created(store, [...own, newRecord({ userId: 'ada ' }), newRecord({ userId: 'Ada' }), newRecord()]);
    const found = await store.findByUser('ada', now);
    assert.deepEqual(keysOf(found), [own[1]!.key, own[0]!.key, own[2]!.key]);
    assert.deepEqual([...(await store.findByUser('nobody', now))], []);
  });

  test('tells of a session that it finds everything but what the application stored', async (store) => {
    const record = newRecord({
      userId: 'ada',
      authenticatedAt: 5,
      ip: '::1',
      userAgent: 'agent',
      version: 3,
    });
    await created(store, [record]);
    const [found] = await store.findByUser('ada', record.createdAt);
    assert.deepEqual(summaryOf(found!), summaryOf(record));
  });

  test('finds no session that has expired', async (store) => {
    const now = Date.now();
    const [over, alive] = [-1, 60_000].map((life) => newRecord({ userId: 'ada', expiresAt: now + life }));
    await created(store, [over!, alive!]);
    assert.deepEqual(keysOf(await store.findByUser('ada', now)), [alive!.key]);
    assert.deepEqual(keysOf(await store.findByUser('ada', alive!.expiresAt)), []);
    assert.deepEqual(keysOf(await store.findByUser('ada', alive!.expiresAt - 1)), [alive!.key]);
  });

  test('finds a session by the user it has now', async (store) => {
    const [record, other] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'ada' })];
    await created(store, [record, other]);
    const renewal = renewalOf(record);
    const moved = { ...renewal, next: { ...renewal.next, userId: 'bob' } };
    await store.update([moved, changeOf(other, { userId: null })]);
    const now = Date.now();
    assert.deepEqual(keysOf(await store.findByUser('bob', now)), [moved.next.key]);
    assert.deepEqual(keysOf(await store.findByUser('ada', now)), []);
    await store.delete([moved.next.key]);
    assert.deepEqual(keysOf(await store.findByUser('bob', now)), []);
  });

  test('counts sessions that have not expired, of all and of one user', async (store) => {
    const now = Date.now();
    assert.equal(await store.count(undefined, now), 0);
    await created(store, [
      ...newRecords(3, { userId: 'ada' }),
      ...newRecords(2, { userId: 'bob' }),
      ...newRecords(4),
      newRecord({ userId: 'ada', expiresAt: now }),
      newRecord({ expiresAt: now - 1 }),
    ]);
    assert.equal(await store.count(undefined, now), 9);
    assert.equal(await store.count('ada', now), 3);
    assert.equal(await store.count('nobody', now), 0);
  });

  test('removes the sessions of a user and says which', async (store) => {
    const own = newRecords(5, { userId: 'ada' });
    const other = newRecord({ userId: 'bob' });
    await created(store, [...own, other]);
    const gone = await store.deleteByUser('ada', []);
    assert.deepEqual([...gone].sort(), own.map(({ key }) => key).sort());
    assert.deepEqual(keysOf(await store.read([...own.map(({ key }) => key), other.key])).filter(Boolean), [
      other.key,
    ]);
    assert.deepEqual([...(await store.deleteByUser('ada', []))], []);
  });

  test('removes the sessions of a user but those it is told to keep', async (store) => {
    const [kept, gone, alsoKept] = [1, 2, 3].map(() => newRecord({ userId: 'ada' })) as Three;
    await created(store, [kept, gone, alsoKept]);
    assert.deepEqual([...(await store.deleteByUser('ada', [kept.key, alsoKept.key, 'unknown']))], [gone.key]);
    assertRecord(await readOne(store, kept.key), kept);
    assertRecord(await readOne(store, alsoKept.key), alsoKept);
    assert.equal(await readOne(store, gone.key), undefined);
  });

  test('removes all sessions and says how many', async (store) => {
    const records = newRecords(25);
    const renewal = renewalOf(records[0]!);
    await created(store, records);
    await store.update([renewal, changeOf(records[1]!, { userId: 'ada' })]);
    assert.equal(await store.deleteAll(), 25);
    const left = await store.read([...records.map(({ key }) => key), renewal.next.key]);
    assert.deepEqual(left.filter(Boolean), []);
    assert.equal(await store.count(undefined, Date.now()), 0);
    assert.deepEqual([...(await store.findByUser('ada', Date.now()))], []);
    assert.equal(await store.deleteAll(), 0);
  });
}

type Three = [SessionRecord, SessionRecord, SessionRecord];

/** What a summary must hold; a store may answer with more. */
function summaryOf(session: SessionSummary): SessionSummary {
  const { key, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent } = session;
  return { key, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent };
}
