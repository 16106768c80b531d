import assert from 'node:assert/strict';
import type { SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type { UsersTest } from './declarations.js';
import {
  assertRecord,
  changeOf,
  created,
  keysOf,
  loginOf,
  newRecord,
  newRecords,
  newToken,
  readOne,
  renewalOf,
  touchOf,
} from './records.js';

export function usersContract(test: UsersTest): void {
  test('finds the sessions of a user, newest first', async (store) => {
    const now = Date.now();
    const own = [2, 1, 3].map((age) => newRecord({ userId: 'ada', createdAt: now - age }));
    await created(store, [...own, newRecord({ userId: 'ada ' }), newRecord({ userId: 'Ada' }), newRecord()]);
    const found = await store.findByUser('ada', now);
    assert.deepEqual(keysOf(found), [own[1]!.key, own[0]!.key, own[2]!.key]);
    assert.deepEqual([...(await store.findByUser('nobody', now))], []);
  });

  test('finds everything about a session but its data and its tokens', async (store) => {
    const record = newRecord({
      userId: 'ada',
      authenticatedAt: 5,
      ip: '::1',
      userAgent: 'agent',
      epoch: 3,
      version: Number.MAX_SAFE_INTEGER,
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
    const login = loginOf(record, 'bob');
    await store.update([login, changeOf(other, { userId: null })]);
    const now = Date.now();
    assert.deepEqual(keysOf(await store.findByUser('bob', now)), [record.key]);
    assert.deepEqual(keysOf(await store.findByUser('ada', now)), []);
    await store.delete([record.key]);
    assert.deepEqual(keysOf(await store.findByUser('bob', now)), []);
  });

  test('finds a session whose id was renewed', async (store) => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const renewal = { ...renewalOf(record), keepsIndexes: true };
    await store.update([renewal]);
    const [found] = await store.findByUser('ada', Date.now());
    assert.deepEqual(summaryOf(found!), summaryOf(renewal.next));
    assert.deepEqual([...(await store.deleteByUser('ada', []))], [record.key]);
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('finds no session that was prolonged too late, and one that was prolonged in time', async (store) => {
    const now = Date.now();
    const [record, other] = newRecords(2, { userId: 'ada', expiresAt: now + 5_000 });
    await created(store, [record!, other!]);
    await store.update([touchOf(record!, 60_000)]);
    assert.deepEqual(keysOf(await store.findByUser('ada', now + 5_000)), [record!.key]);
    assert.equal(await store.count('ada', now + 5_000), 1);
    assert.equal(await store.count(undefined, now + 5_000), 1);
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

  test('removes the sessions of a user and returns their keys', async (store) => {
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

  test('removes the sessions of a user but those that are excepted', async (store) => {
    const [kept, gone, alsoKept] = [1, 2, 3].map(() => newRecord({ userId: 'ada' })) as Three;
    await created(store, [kept, gone, alsoKept]);
    const renewal = renewalOf(alsoKept);
    await store.update([renewal]);
    assert.deepEqual([...(await store.deleteByUser('ada', [kept.key, alsoKept.key, 'unknown']))], [gone.key]);
    assertRecord(await readOne(store, kept.key), kept);
    assertRecord(await readOne(store, alsoKept.key), renewal.next);
    assert.equal(await readOne(store, gone.key), undefined);
  });

  test('excepts sessions by nothing but their keys', async (store) => {
    const record = newRecord({
      userId: 'ada',
      previousToken: newToken(),
      previousUntil: Date.now() + 30_000,
    });
    await created(store, [record]);
    const ended = await store.deleteByUser('ada', [record.token, record.previousToken!]);
    assert.deepEqual([...ended], [record.key]);
  });

  test('removes the sessions that a user has now, and none that the user had', async (store) => {
    const [left, come] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'bob' })];
    await created(store, [left, come]);
    const changes = [loginOf(left, 'bob'), loginOf(come, 'ada')];
    await store.update(changes);
    assert.deepEqual([...(await store.deleteByUser('ada', []))], [come.key]);
    assertRecord(await readOne(store, left.key), changes[0]!.next);
  });

  test('removes all sessions and returns how many', async (store) => {
    const records = newRecords(25);
    await created(store, records);
    await store.update([renewalOf(records[0]!), changeOf(records[1]!, { userId: 'ada' })]);
    assert.equal(await store.deleteAll(), 25);
    assert.deepEqual((await store.read(records.map(({ key }) => key))).filter(Boolean), []);
    assert.equal(await store.count(undefined, Date.now()), 0);
    assert.deepEqual([...(await store.findByUser('ada', Date.now()))], []);
    assert.equal(await store.deleteAll(), 0);
  });
}

type Three = [SessionRecord, SessionRecord, SessionRecord];

/** The fields that a summary must have; a store may return more. */
function summaryOf(session: SessionSummary): SessionSummary {
  const { key, epoch, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent } =
    session;
  return { key, epoch, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent };
}
