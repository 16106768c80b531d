import assert from 'node:assert/strict';
import type { ContractTest } from './declarations.js';
import {
  assertRecord,
  created,
  keysOf,
  newKey,
  newRecord,
  newRecords,
  readOne,
  renewalOf,
} from './records.js';

export function deleteContract(test: ContractTest): void {
  test('removes a record by its key', async (store) => {
    const [record, other] = [newRecord(), newRecord()];
    await created(store, [record, other]);
    assert.deepEqual([...(await store.delete([record.key]))], [true]);
    assert.deepEqual(keysOf(await store.read([record.key, other.key])), [undefined, other.key]);
  });

  test('removes a record whose id was renewed, and by nothing but its key', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const renewal = renewalOf(record);
    const { token, previousToken } = renewal.next;
    await store.update([renewal]);
    assert.deepEqual([...(await store.delete([token, previousToken!]))], [false, false]);
    assertRecord(await readOne(store, record.key), renewal.next);
    assert.deepEqual([...(await store.delete([record.key]))], [true]);
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('answers false where there was nothing', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    assert.deepEqual([...(await store.delete([newKey(), record.key, newKey()]))], [false, true, false]);
    assert.deepEqual([...(await store.delete([record.key]))], [false]);
  });

  test('removes 300 records in one call', async (store) => {
    const records = newRecords(300);
    await created(store, records);
    const keys = records.map(({ key }) => key);
    assert.deepEqual([...(await store.delete(keys))], Array<boolean>(300).fill(true));
    assert.deepEqual([...(await store.read(keys))], Array<undefined>(300).fill(undefined));
  });

  test('a key can be taken again after its record was removed', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    await store.delete([record.key]);
    await created(store, [record]);
    assert.equal((await readOne(store, record.key))?.key, record.key);
  });
}
