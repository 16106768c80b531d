import assert from 'node:assert/strict';
import type { PrunableTest } from './declarations.js';
import { created, keysOf, newRecord, newRecords, readOne, renewalOf, touchOf } from './records.js';

export function pruneContract(test: PrunableTest): void {
  test('removes what has expired and nothing else', async (store) => {
    const now = Date.now();
    const over = [-1, -60_000, -86_400_000].map((life) => newRecord({ expiresAt: now + life }));
    const alive = [1, 60_000].map((life) => newRecord({ expiresAt: now + life }));
    await created(store, [...over, ...alive]);
    assert.equal(await store.prune(now, 100), 3);
    const left = await store.read([...over, ...alive].map(({ key }) => key));
    assert.deepEqual(keysOf(left), [undefined, undefined, undefined, ...keysOf(alive)]);
    assert.equal(await store.prune(now, 100), 0);
  });

  test('removes no more than it is asked to', async (store) => {
    const now = Date.now();
    await created(store, newRecords(10, { expiresAt: now - 1 }));
    assert.deepEqual(
      [await store.prune(now, 4), await store.prune(now, 4), await store.prune(now, 4)],
      [4, 4, 2],
    );
  });

  test('leaves a session that was prolonged', async (store) => {
    const now = Date.now();
    const record = newRecord({ expiresAt: now - 1 });
    await created(store, [record]);
    await store.update([touchOf(record, 60_000)]);
    assert.equal(await store.prune(now, 100), 0);
    assert.equal((await readOne(store, record.key))?.key, record.key);
  });

  test('removes an expired session whose id was renewed', async (store) => {
    const now = Date.now();
    const record = newRecord({ expiresAt: now - 1 });
    await created(store, [record]);
    await store.update([renewalOf(record)]);
    assert.equal(await store.prune(now, 100), 1);
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('several at once remove everything once', async (store) => {
    const now = Date.now();
    const over = newRecords(300, { expiresAt: now - 1 });
    const alive = newRecord();
    await created(store, [...over, alive]);
    let removed = 0;
    const pruneAll = async (): Promise<void> => {
      for (let some = 1; some > 0; removed += some) some = await store.prune(now, 50);
    };
    await Promise.all([pruneAll(), pruneAll(), pruneAll()]);
    assert.equal(removed, 300);
    const left = await store.read([...over.map(({ key }) => key), alive.key]);
    assert.deepEqual(keysOf(left).filter(Boolean), [alive.key]);
  });
}
