import assert from 'node:assert/strict';
import type { SessionRecord } from '../../core/record/session-record.js';
import type { StoreOutcome } from '../../core/store/session-store.js';
import type { ContractTest } from './declarations.js';
import { assertRecord, changeOf, created, newRecord, newRecords, readOne, touchOf } from './records.js';

const ROUNDS = 10;

export function concurrencyContract(test: ContractTest): void {
  test('a key that is created by many calls at once is created once', async (store) => {
    const record = newRecord();
    const rivals = Array.from({ length: 10 }, () => newRecord({ key: record.key }));
    const outcomes = (await Promise.all(rivals.map((rival) => store.create([rival])))).flat();
    assert.equal(outcomes.filter((outcome) => outcome === true).length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === false).length, 9);
    assertRecord(await readOne(store, record.key), rivals[outcomes.indexOf(true)]!);
  });

  test('of many updates against one version exactly one wins', async (store) => {
    for (let round = 0; round < ROUNDS; round++) {
      const record = newRecord();
      await created(store, [record]);
      const rivals = Array.from({ length: 10 }, (_, n) => changeOf(record, { data: JSON.stringify({ n }) }));
      const outcomes = (await Promise.all(rivals.map((rival) => store.update([rival])))).flat();
      assert.equal(outcomes.filter((outcome) => outcome === true).length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === false).length, 9);
      assertRecord(await readOne(store, record.key), rivals[outcomes.indexOf(true)]!.next);
    }
  });

  test('touches of one record at once are all taken', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const touches = [1, 2, 3, 4, 5].map((later) => touchOf(record, later));
    const outcomes = (await Promise.all(touches.map((touch) => store.update([touch])))).flat();
    assert.deepEqual(outcomes, [true, true, true, true, true]);
    const { lastSeenAt, expiresAt } = (await readOne(store, record.key))!;
    assert.ok(touches.some(({ next }) => next.lastSeenAt === lastSeenAt && next.expiresAt === expiresAt));
  });

  test('calls that are about the same keys in opposite order do not stop each other', async (store) => {
    for (let round = 0; round < ROUNDS; round++) {
      const records = newRecords(40);
      const backwards = records.toReversed();
      const others = backwards.map(({ key }) => newRecord({ key }));
      const made = await Promise.all([store.create(records), store.create(others)]);
      assertOneEach(made[0], made[1].toReversed());
      const there = (await store.read(records.map(({ key }) => key))) as SessionRecord[];
      const changes = [there, there.toReversed()].map((some) => some.map((record) => changeOf(record)));
      const changed = await Promise.all(changes.map((some) => store.update(some)));
      assertOneEach(changed[0]!, changed[1]!.toReversed());
      const keys = [records, backwards].map((some) => some.map(({ key }) => key));
      const gone = await Promise.all(keys.map((some) => store.delete(some)));
      assertOneEach(gone[0]!, gone[1]!.toReversed());
    }
  });
}

/** Fails unless exactly one of two calls got `true` for each record. */
function assertOneEach(some: readonly StoreOutcome[], others: readonly StoreOutcome[]): void {
  assert.deepEqual(
    some.map((outcome, index) => Number(outcome) + Number(others[index])),
    some.map(() => 1),
  );
}
