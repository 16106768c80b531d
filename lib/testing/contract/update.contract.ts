import assert from 'node:assert/strict';
import { versionAfter } from '../../core/record/session-record.js';
import type { ContractTest } from './declarations.js';
import {
  assertRecord,
  changeOf,
  created,
  loginOf,
  newRecord,
  newRecords,
  newToken,
  readOne,
  renewalOf,
  touchOf,
} from './records.js';

export function updateContract(test: ContractTest): void {
  test('replaces a record that still has the expected version', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const change = changeOf(record, {
      data: '{"n":2}',
      meta: '{"m":2}',
      userId: 'someone',
      lastSeenAt: record.lastSeenAt + 1,
      expiresAt: record.expiresAt + 1,
      authenticatedAt: record.createdAt + 1,
      ip: '127.0.0.1',
      userAgent: 'agent',
    });
    assert.deepEqual([...(await store.update([change]))], [true]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('sets fields back to null', async (store) => {
    const tokens = { previousToken: newToken(), previousUntil: 1 };
    const facts = { meta: '{}', userId: 'u', authenticatedAt: 1, ip: 'i', userAgent: 'a' };
    const record = newRecord({ ...tokens, ...facts });
    await created(store, [record]);
    const change = changeOf(record, {
      previousToken: null,
      previousUntil: null,
      meta: null,
      userId: null,
      authenticatedAt: null,
      ip: null,
      userAgent: null,
    });
    assert.deepEqual([...(await store.update([change]))], [true]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('leaves a record alone that has another version', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    for (const version of [0, record.version - 1, record.version + 1, versionAfter(record.version)]) {
      const change = { ...changeOf(record, { data: '{"lost":true}' }), version };
      assert.deepEqual([...(await store.update([change]))], [false]);
    }
    assertRecord(await readOne(store, record.key), record);
  });

  test('does not bring back a record that is gone', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    await store.delete([record.key]);
    assert.deepEqual([...(await store.update([changeOf(record)]))], [false]);
    assert.deepEqual([...(await store.update([touchOf(record, 1)]))], [false]);
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('answers changes that hold and changes that do not in order', async (store) => {
    const [right, wrong, gone, touched, renewed] = [
      newRecord(),
      newRecord(),
      newRecord(),
      newRecord(),
      newRecord(),
    ];
    await created(store, [right, wrong, touched, renewed]);
    const changes = [
      { ...changeOf(wrong), version: versionAfter(wrong.version) },
      changeOf(right),
      changeOf(gone),
      renewalOf(renewed),
      touchOf(touched, 9),
    ];
    assert.deepEqual([...(await store.update(changes))], [false, true, false, true, true]);
    assertRecord(await readOne(store, right.key), changes[1]!.next);
    assertRecord(await readOne(store, wrong.key), wrong);
    assertRecord(await readOne(store, renewed.key), changes[3]!.next);
    assertRecord(await readOne(store, touched.key), changes[4]!.next);
  });

  test('changes 300 records in one call', async (store) => {
    const records = newRecords(300);
    await created(store, records);
    const changes = records.map((record, n) => changeOf(record, { data: JSON.stringify({ n }) }));
    assert.deepEqual([...(await store.update(changes))], Array<boolean>(300).fill(true));
    const answers = await store.read(records.map(({ key }) => key));
    changes.forEach(({ next }, index) => assertRecord(answers[index], next));
  });

  test('a touch moves the times and the device and keeps everything else', async (store) => {
    const tokens = { previousToken: newToken(), previousUntil: 7, epoch: 3 };
    const facts = { data: '{"kept":true}', meta: '{"kept":1}', userId: 'u', authenticatedAt: 5 };
    const record = newRecord({ ...tokens, ...facts });
    await created(store, [record]);
    const touch = touchOf(record, 60_000);
    const next = { ...touch.next, ip: '10.0.0.1', userAgent: 'another' };
    assert.deepEqual([...(await store.update([{ ...touch, next }]))], [true]);
    assertRecord(await readOne(store, record.key), next);
  });

  test('a change holds against the version that was touched since', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    await store.update([touchOf(record, 1)]);
    const change = changeOf(record, { data: '{"n":2}' });
    assert.deepEqual([...(await store.update([change]))], [true]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('a renewed record stays under its key, with its new token and the one before', async (store) => {
    const record = newRecord({ data: '{"kept":true}' });
    await created(store, [record]);
    const first = renewalOf(record);
    assert.deepEqual([...(await store.update([first]))], [true]);
    assertRecord(await readOne(store, record.key), first.next);
    const second = renewalOf(first.next);
    assert.deepEqual([...(await store.update([second]))], [true]);
    assertRecord(await readOne(store, record.key), second.next);
  });

  test('a record can give up the token it had before', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const renewal = renewalOf(record);
    const change = changeOf(renewal.next, { previousToken: null, previousUntil: null });
    assert.deepEqual([...(await store.update([renewal]))], [true]);
    assert.deepEqual([...(await store.update([change]))], [true]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('a login changes token, epoch and user in one write', async (store) => {
    const record = newRecord({ previousToken: newToken(), previousUntil: Date.now() + 30_000 });
    await created(store, [record]);
    const login = loginOf(record, 'someone');
    assert.deepEqual([...(await store.update([login]))], [true]);
    assertRecord(await readOne(store, record.key), login.next);
  });

  test('a renewal leaves a record alone that has another version', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const change = changeOf(record);
    assert.deepEqual([...(await store.update([change]))], [true]);
    assert.deepEqual([...(await store.update([renewalOf(record)]))], [false]);
    assert.deepEqual([...(await store.update([loginOf(record, 'someone')]))], [false]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('compares every digit of a version', async (store) => {
    const version = Number.MAX_SAFE_INTEGER - 1;
    const record = newRecord({ version });
    await created(store, [record]);
    for (const other of [version - 1, version + 1, 2 ** 52]) {
      assert.deepEqual([...(await store.update([{ ...changeOf(record), version: other }]))], [false]);
    }
    const change = changeOf(record, { version: Number.MAX_SAFE_INTEGER });
    assert.deepEqual([...(await store.update([change]))], [true]);
    assert.deepEqual([...(await store.update([changeOf(record)]))], [false]);
    assertRecord(await readOne(store, record.key), change.next);
  });

  test('makes the good changes of a call when the database refuses one', async (store) => {
    const [first, bad, last] = [newRecord(), newRecord(), newRecord()];
    await created(store, [first, bad, last]);
    const changes = [changeOf(first), changeOf(bad, { userId: 'u'.repeat(100_000) }), changeOf(last)];
    const [one, refused, two] = await store.update(changes);
    assert.deepEqual([one, two], [true, true]);
    assert.ok(refused === true || refused instanceof Error, 'a refused change is answered with its error');
    assertRecord(await readOne(store, first.key), changes[0]!.next);
    assertRecord(await readOne(store, bad.key), refused === true ? changes[1]!.next : bad);
    assertRecord(await readOne(store, last.key), changes[2]!.next);
  });
}
