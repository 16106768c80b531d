import assert from 'node:assert/strict';
import type { UsersTest } from './declarations.js';
import { assertRecord, created, keysOf, loginOf, newKey, newRecord, newRecords, readOne } from './records.js';

export function deleteOwnedContract(test: UsersTest): void {
  test('answers no keys with no answers', async (store) => {
    assert.deepEqual([...(await store.deleteOwned('ada', []))], []);
  });

  test('removes a record that belongs to the user', async (store) => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    assert.deepEqual([...(await store.deleteOwned('ada', [record.key]))], [true]);
    assert.equal(await readOne(store, record.key), undefined);
    assert.deepEqual([...(await store.deleteOwned('ada', [record.key]))], [false]);
  });

  test('leaves a record alone that belongs to another user, or to nobody', async (store) => {
    const owners = ['bob', 'Ada', 'ada ', ' ada', 'ad', 'adah', null];
    const others = owners.map((userId) => newRecord({ userId }));
    await created(store, others);
    const keys = others.map(({ key }) => key);
    assert.deepEqual([...(await store.deleteOwned('ada', keys))], Array<boolean>(others.length).fill(false));
    const left = await store.read(keys);
    others.forEach((record, index) => assertRecord(left[index], record));
  });

  test('answers in the order of the keys', async (store) => {
    const [own, other, alsoOwn] = ['ada', 'bob', 'ada'].map((userId) => newRecord({ userId }));
    await created(store, [own!, other!, alsoOwn!]);
    const keys = [other!.key, alsoOwn!.key, newKey(), own!.key];
    assert.deepEqual([...(await store.deleteOwned('ada', keys))], [false, true, false, true]);
    assert.deepEqual(keysOf(await store.read(keys)), [other!.key, undefined, undefined, undefined]);
  });

  test('asks for the user whom a record has now', async (store) => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const login = loginOf(record, 'bob');
    await store.update([login]);
    assert.deepEqual([...(await store.deleteOwned('ada', [record.key]))], [false]);
    assertRecord(await readOne(store, record.key), login.next);
    assert.deepEqual([...(await store.deleteOwned('bob', [record.key]))], [true]);
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('leaves a record alone that was created later than the caller knows of', async (store) => {
    const [old, again] = newRecords(2, { userId: 'ada' });
    await created(store, [old!, again!]);
    const login = loginOf(again!, 'ada', again!.createdAt + 1);
    await store.update([login]);
    const keys = [old!.key, again!.key];
    assert.deepEqual([...(await store.deleteOwned('ada', keys, old!.createdAt))], [true, false]);
    assertRecord(await readOne(store, again!.key), login.next);
    assert.deepEqual([...(await store.deleteOwned('ada', keys, login.next.createdAt))], [false, true]);
  });

  test('removes the session from what is found by its user', async (store) => {
    const [record, other] = newRecords(2, { userId: 'ada' });
    await created(store, [record!, other!]);
    await store.deleteOwned('ada', [record!.key]);
    assert.deepEqual(keysOf(await store.findByUser('ada', Date.now())), [other!.key]);
    assert.equal(await store.count('ada', Date.now()), 1);
  });

  test('removes 300 records in one call', async (store) => {
    const records = newRecords(300, { userId: 'ada' });
    await created(store, records);
    const keys = records.map(({ key }) => key);
    assert.deepEqual([...(await store.deleteOwned('ada', keys))], Array<boolean>(300).fill(true));
    assert.deepEqual((await store.read(keys)).filter(Boolean), []);
  });
}
