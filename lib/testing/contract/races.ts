import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { SessionChange, SessionRecord } from '../../core/record/session-record.js';
import type { SessionStore } from '../../core/store/session-store.js';
import { changeOf, created, loginOf, newRecords, renewalOf, touchOf } from './records.js';

/** Sessions in a race. */
const SESSIONS = 8;

/**
 * When the second of two calls starts: after a number of microtasks, and after a share of the duration of the
 * first call.
 */
interface Start {
  readonly microtasks: number;
  readonly share: number;
}

const STARTS: readonly Start[] = [
  ...[1, 2, 4].map((microtasks) => ({ microtasks, share: 0 })),
  ...[0.15, 0.35, 0.55, 0.75, 0.95].map((share) => ({ microtasks: 0, share })),
];

export const ADA = 'ada';
const BOB = 'bob';

/** A way to change a session. */
export interface Change {
  readonly name: string;
  /** The owner before the change. */
  readonly from: string | null;
  /** The owner after the change. */
  readonly to: string | null;
  readonly of: (record: SessionRecord) => SessionChange;
}

/** Every way to change a session. */
export const CHANGES: readonly Change[] = [
  { name: 'a renewal', from: ADA, to: ADA, of: renewalOf },
  { name: 'a touch', from: ADA, to: ADA, of: (record) => touchOf(record, 1) },
  { name: 'a change', from: ADA, to: ADA, of: (record) => changeOf(record, { data: '{"n":2}' }) },
  { name: 'a login of the same user', from: ADA, to: ADA, of: (record) => loginOf(record, ADA) },
  { name: 'a login of another user', from: ADA, to: BOB, of: (record) => loginOf(record, BOB) },
  { name: 'a login of a visitor', from: null, to: ADA, of: (record) => loginOf(record, ADA) },
];

/** The result of a race for one session. */
export interface Outcome {
  readonly record: SessionRecord;
  readonly change: SessionChange;
  /** Whether the store answered the change with true. */
  readonly changed: boolean;
  /** The record in the store afterwards. */
  readonly found: SessionRecord | undefined;
}

/**
 * Runs a change of sessions and an operation that ends them at the same time, in many rounds: each of the two starts at
 * many steps of the other. Remaining sessions are removed after every round.
 *
 * @param fields - The common fields of the sessions.
 * @param check - Called after each round with the result of the ending operation and the outcome for each session.
 */
export async function raceAgainst<Answer>(
  store: SessionStore,
  fields: Partial<SessionRecord>,
  changeFor: (record: SessionRecord) => SessionChange,
  end: (records: readonly SessionRecord[]) => Promise<Answer>,
  check: (answer: Answer, outcomes: readonly Outcome[]) => Promise<void> | void,
): Promise<void> {
  const [changing, ending] = [new Runner(), new Runner()];
  for (const [round, start] of STARTS.entries()) {
    for (const isChangeFirst of [true, false]) {
      const records = newRecords(SESSIONS, fields);
      await created(store, records);
      const changes = records.map(changeFor);
      const makeChanges = (): Promise<readonly boolean[]> => write(store, changes, round % 2 === 0);
      const makeEnd = (): Promise<Answer> => end(records);
      const [changed, answer] = await Promise.all([
        isChangeFirst ? changing.run(makeChanges) : changing.runAfter(ending, start, makeChanges),
        isChangeFirst ? ending.runAfter(changing, start, makeEnd) : ending.run(makeEnd),
      ]);
      const keys = records.map(({ key }) => key);
      const found = await store.read(keys);
      const outcomes = records.map((record, index) => {
        return { record, change: changes[index]!, changed: changed[index]!, found: found[index] };
      });
      await check(answer, outcomes);
      await store.delete(keys);
    }
  }
}

/** Runs a call repeatedly, and measures its last duration. */
class Runner {
  #lasted = 0;

  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    const value = await call();
    this.#lasted = performance.now() - start;
    return value;
  }

  /** Runs the call while another call is in progress. */
  async runAfter<Value>(other: Runner, start: Start, call: () => Promise<Value>): Promise<Value> {
    const begin = performance.now() + other.#lasted * start.share;
    for (let count = 0; count < start.microtasks; count++) await Promise.resolve();
    // A timer would be too imprecise for such short calls.
    while (start.share > 0 && performance.now() < begin) await setImmediate();
    return this.run(call);
  }
}

/** Makes changes, in one call or in one call each. The store must accept or refuse each of them. */
async function write(
  store: SessionStore,
  changes: readonly SessionChange[],
  inOneCall: boolean,
): Promise<readonly boolean[]> {
  const outcomes = inOneCall
    ? await store.update(changes)
    : (await Promise.all(changes.map((change) => store.update([change])))).flat();
  assert.deepEqual(
    outcomes.filter((outcome) => typeof outcome !== 'boolean'),
    [],
    'a change that is late is refused and is no error',
  );
  return outcomes as readonly boolean[];
}

/**
 * Renews, changes and touches a session again and again until the store refuses it.
 *
 * @param isOver - Whether the session was ended, after which no write may succeed.
 */
export async function useWithoutRest(
  store: SessionStore,
  record: SessionRecord,
  isOver: () => boolean,
): Promise<void> {
  const kinds = CHANGES.filter(({ from, to }) => from === to);
  let current = record;
  for (let step = 0; ; step++) {
    const isLate = isOver();
    const change = kinds[step % kinds.length]!.of(current);
    const [changed] = await write(store, [change], true);
    if (!changed) return;
    assert.ok(!isLate, 'a session was written after its end had been answered');
    current = change.next;
    await setImmediate();
  }
}
