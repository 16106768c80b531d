import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { SessionRecord } from '../../core/record/session-record.js';
import type { SessionStore, StoreOutcome, UserSessionStore } from '../../core/store/session-store.js';
import type { ContractTests, StoreTest } from './declarations.js';
import { ADA, type Change, CHANGES, type Outcome, raceAgainst, useWithoutRest } from './races.js';
import { assertRecord, changeOf, created, newRecords, renewalOf, touchOf } from './records.js';

const ROUNDS = 5;

/** A way to end sessions. */
interface End<Store extends SessionStore> {
  readonly name: string;
  /** Whether it ends only sessions of Ada. */
  readonly isOfOwner: boolean;
  /** Ends the sessions; returns for each session whether the store reports it as ended. */
  readonly run: (store: Store, records: readonly SessionRecord[]) => Promise<readonly boolean[]>;
}

type UsersStore = SessionStore & UserSessionStore;

const DELETE: End<SessionStore> = {
  name: 'delete()',
  isOfOwner: false,
  run: async (store, records) => answers(await store.delete(records.map(({ key }) => key))),
};

const ENDS_OF_USERS: readonly End<UsersStore>[] = [
  {
    name: 'deleteOwned()',
    isOfOwner: true,
    run: async (store, records) => {
      const keys = records.map(({ key }) => key);
      return answers(await store.deleteOwned(ADA, keys));
    },
  },
  {
    name: 'deleteByUser()',
    isOfOwner: true,
    run: async (store, records) => {
      const ended = await store.deleteByUser(ADA, []);
      return records.map(({ key }) => ended.includes(key));
    },
  },
  {
    name: 'deleteAll()',
    isOfOwner: false,
    run: async (store, records) => {
      const count = await store.deleteAll();
      return records.map(() => count === records.length);
    },
  },
];

/** Tests sessions that are changed while they are ended. */
export function endsContract({ all, users }: ContractTests): void {
  endContract(all, DELETE);
  for (const end of ENDS_OF_USERS) endContract(users, end);

  users('a session that is ended in several ways at once is ended once', async (store) => {
    for (let round = 0; round < ROUNDS; round++) {
      const records = newRecords(8, { userId: ADA });
      await created(store, records);
      const ways = [DELETE, ...ENDS_OF_USERS.filter(({ isOfOwner }) => isOfOwner)];
      const [said, count] = await Promise.all([
        Promise.all(ways.map((end) => end.run(store, records))),
        store.deleteAll(),
        store.update(records.map(renewalOf)),
        store.update(records.toReversed().map((record) => touchOf(record, 1))),
      ]);
      const ended = records.map((_, index) => said.filter((answer) => answer[index]).length);
      assert.deepEqual(
        ended.filter((times) => times > 1),
        [],
        'two calls say that they ended the same session',
      );
      assert.equal(ended.filter((times) => times === 1).length + count, records.length);
      const left = await store.read(records.map(({ key }) => key));
      assert.deepEqual(left.filter(Boolean), []);
    }
  });
}

function endContract<Store extends SessionStore>(test: StoreTest<Store>, end: End<Store>): void {
  for (const change of CHANGES) {
    test(`${end.name} and ${change.name} at once`, (store) =>
      raceAgainst(
        store,
        { userId: change.from },
        change.of,
        (records) => end.run(store, records),
        (ended, outcomes) =>
          outcomes.forEach((outcome, index) => assertEnd(end, change, ended[index]!, outcome)),
      ));
  }

  test(`${end.name} ends sessions that are in use without rest`, async (store) => {
    for (let round = 0; round < ROUNDS; round++) {
      const records = newRecords(6, { userId: ADA });
      await created(store, records);
      let isOver = false;
      const endInUse = async (): Promise<readonly boolean[]> => {
        for (let turn = 0; turn <= round; turn++) await setImmediate();
        return end.run(store, records).finally(() => (isOver = true));
      };
      const [ended] = await Promise.all([
        endInUse(),
        ...records.map((record) => useWithoutRest(store, record, () => isOver)),
      ]);
      assert.deepEqual([...ended], Array<boolean>(6).fill(true));
      const left = await store.read(records.map(({ key }) => key));
      assert.deepEqual(left.filter(Boolean), []);
    }
  });

  test(`nothing comes back after ${end.name}`, async (store) => {
    const records = newRecords(6, { userId: ADA });
    await created(store, records);
    await end.run(store, records);
    const changes = CHANGES.map((change, index) => change.of(records[index]!));
    assert.deepEqual([...(await store.update(changes))], Array<boolean>(6).fill(false));
    const renewedTwice = changes.map(({ next }) => changeOf(next));
    assert.deepEqual([...(await store.update(renewedTwice))], Array<boolean>(6).fill(false));
    assert.deepEqual((await store.read(records.map(({ key }) => key))).filter(Boolean), []);
  });
}

/** Fails unless the state of a session agrees with both results. */
function assertEnd(
  { isOfOwner }: Pick<End<SessionStore>, 'isOfOwner'>,
  { from, to }: Change,
  isEnded: boolean,
  { record, change, changed, found }: Outcome,
): void {
  if (isEnded) assert.equal(found, undefined, 'a session that was ended is there');
  else assertRecord(found, changed ? change.next : record);
  if (!isOfOwner || (from === ADA && to === ADA)) assert.ok(isEnded, 'a session was not ended');
  else if (to !== ADA) assert.ok(!isEnded || !changed, 'a session was ended that belonged to another user');
  else assert.ok(!isEnded || changed, 'a session was ended that belonged to nobody');
}

/** The results of a deleting call. None may be an error. */
function answers(outcomes: readonly StoreOutcome[]): readonly boolean[] {
  assert.deepEqual(
    outcomes.filter((outcome) => typeof outcome !== 'boolean'),
    [],
    'a session is removed although it is changed at that moment',
  );
  return outcomes as readonly boolean[];
}
