import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { SessionRecord } from '../../core/record/session-record.js';
import type { ReferencesTest } from './declarations.js';
import { ADA, CHANGES, raceAgainst, useWithoutRest } from './races.js';
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

const BOB = 'bob';
const ROUNDS = 5;

export function referencesContract(test: ReferencesTest): void {
  test('keeps the reference of a session', async (store) => {
    const [record, other] = [newRecord({ reference: newToken() }), newRecord()];
    await created(store, [record, other]);
    assertRecord(await readOne(store, record.key), record);
    const changes = [renewalOf(record), touchOf(other, 1)];
    await store.update(changes);
    assertRecord(await readOne(store, record.key), changes[0]!.next);
    assertRecord(await readOne(store, other.key), changes[1]!.next);
  });

  test('finds the sessions with a reference, and no others', async (store) => {
    const reference = newToken();
    const own = newRecords(3, { userId: ADA, reference });
    const others = [null, newToken(), reference.toLowerCase(), reference.slice(1), `${reference}A`];
    const strangers = others.map((other) => newRecord({ userId: ADA, reference: other }));
    await created(store, [...own, ...strangers]);
    assert.deepEqual(sorted(await store.findByReference(reference)), sorted(own.map(({ key }) => key)));
    assert.deepEqual([...(await store.findByReference(newToken()))], []);
  });

  test('finds a session by the reference it has now', async (store) => {
    const [before, after] = [newToken(), newToken()];
    const [given, taken, changed] = [null, before, before].map((reference) =>
      newRecord({ userId: ADA, reference }),
    ) as Three;
    await created(store, [given, taken, changed]);
    await store.update([
      changeOf(given, { reference: before }),
      changeOf(taken, { reference: null }),
      changeOf(changed, { reference: after }),
    ]);
    assert.deepEqual([...(await store.findByReference(before))], [given.key]);
    assert.deepEqual([...(await store.findByReference(after))], [changed.key]);
    await store.delete([changed.key]);
    assert.deepEqual([...(await store.findByReference(after))], []);
  });

  test('removes the sessions with a reference and returns their keys', async (store) => {
    const reference = newToken();
    const own = [ADA, BOB, null].map((userId) => newRecord({ userId, reference }));
    const others = [newRecord({ userId: ADA, reference: newToken() }), newRecord({ userId: ADA })];
    await created(store, [...own, ...others]);
    assert.deepEqual(sorted(await store.deleteByReference(reference)), sorted(own.map(({ key }) => key)));
    assert.deepEqual(await left(store, own), []);
    assert.equal((await left(store, others)).length, 2);
    assert.deepEqual([...(await store.deleteByReference(reference))], []);
    assert.deepEqual([...(await store.findByReference(reference))], []);
  });

  test('removes the sessions with a reference that belong to a user', async (store) => {
    const reference = newToken();
    const own = newRecords(2, { userId: ADA, reference });
    const others = [BOB, 'Ada', 'ada ', null].map((userId) => newRecord({ userId, reference }));
    const elsewhere = newRecord({ userId: ADA, reference: newToken() });
    await created(store, [...own, ...others, elsewhere]);
    const ended = await store.deleteByReference(reference, ADA);
    assert.deepEqual(sorted(ended), sorted(own.map(({ key }) => key)));
    assert.equal((await left(store, [...others, elsewhere])).length, 5);
  });

  test('removes a session whose id was renewed, and one that expired', async (store) => {
    const reference = newToken();
    const [record, over] = [newRecord({ reference }), newRecord({ reference, expiresAt: Date.now() - 1 })];
    await created(store, [record, over]);
    await store.update([{ ...renewalOf(record), keepsIndexes: true }]);
    assert.ok((await store.deleteByReference(reference)).includes(record.key));
    assert.equal(await readOne(store, record.key), undefined);
  });

  test('removes 300 sessions with one reference', async (store) => {
    const reference = newToken();
    const records = newRecords(300, { userId: ADA, reference });
    await created(store, records);
    assert.equal((await store.deleteByReference(reference)).length, 300);
    assert.deepEqual(await left(store, records), []);
  });

  for (const change of CHANGES) {
    test(`deleteByReference() and ${change.name} at once`, async (store) => {
      const reference = newToken();
      await raceAgainst(
        store,
        { userId: change.from, reference },
        change.of,
        () => store.deleteByReference(reference),
        (ended, outcomes) => {
          for (const { record, found } of outcomes) {
            assert.ok(ended.includes(record.key), 'a session was not ended');
            assert.equal(found, undefined, 'a session that was ended is there');
          }
        },
      );
    });
  }

  test('deleteByReference() and a login that takes the reference away at once', async (store) => {
    const reference = newToken();
    await raceAgainst(
      store,
      { userId: ADA, reference },
      (record) => changeOf(record, { ...loginOf(record, ADA).next, reference: null }),
      () => store.deleteByReference(reference),
      (ended, outcomes) => {
        for (const { record, change, changed, found } of outcomes) {
          const isEnded = ended.includes(record.key);
          assert.equal(isEnded, !changed, 'a session was ended that had another reference, or was not ended');
          if (isEnded) assert.equal(found, undefined, 'a session that was ended is there');
          else assertRecord(found, change.next);
        }
      },
    );
  });

  test('deleteByReference() ends sessions that are in use without rest', async (store) => {
    for (let round = 0; round < ROUNDS; round++) {
      const reference = newToken();
      const records = newRecords(6, { userId: ADA, reference });
      await created(store, records);
      let isOver = false;
      const endInUse = async (): Promise<readonly string[]> => {
        for (let turn = 0; turn <= round; turn++) await setImmediate();
        return store.deleteByReference(reference).finally(() => (isOver = true));
      };
      const [ended] = await Promise.all([
        endInUse(),
        ...records.map((record) => useWithoutRest(store, record, () => isOver)),
      ]);
      assert.equal(ended.length, 6);
      assert.deepEqual(await left(store, records), []);
    }
  });

  test('nothing comes back after deleteByReference()', async (store) => {
    const reference = newToken();
    const records = newRecords(4, { userId: ADA, reference });
    await created(store, records);
    await store.deleteByReference(reference);
    const late = [
      renewalOf(records[0]!),
      touchOf(records[1]!, 1),
      loginOf(records[2]!, BOB),
      changeOf(records[3]!, { reference: null }),
    ];
    assert.deepEqual([...(await store.update(late))], [false, false, false, false]);
    assert.deepEqual(await left(store, records), []);
    assert.deepEqual([...(await store.findByReference(reference))], []);
  });
}

type Three = [SessionRecord, SessionRecord, SessionRecord];

function sorted(keys: readonly string[]): string[] {
  return [...keys].sort();
}

/** The sessions that are still there. */
async function left(
  store: { read(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]> },
  records: readonly SessionRecord[],
): Promise<SessionRecord[]> {
  return (await store.read(records.map(({ key }) => key))).filter((record) => record !== undefined);
}
