import { describe, expect, test } from '@jest/globals';
import type { SessionRecord } from '../../../../../lib/core/record/session-record.js';
import type { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { newRecord, newRecords } from '../../../../../lib/testing/contract/records.js';
import type { SharedTable } from './held-rows.js';
import { until } from './support.js';

const keysOf = (records: readonly SessionRecord[]): string[] => records.map(({ key }) => key);

/** An end of sessions of the user `ada`, which answers with the keys of those that it has ended. */
type End = (store: TypeOrmSessionStore, keys: readonly string[]) => Promise<readonly string[]>;

const ENDS: Readonly<Record<string, End>> = {
  'deleteByUser()': (store) => store.deleteByUser('ada', []),
  'deleteOwned()': async (store, keys) => {
    const outcomes = await store.deleteOwned('ada', keys);
    for (const outcome of outcomes) expect(outcome).toEqual(expect.any(Boolean));
    return keys.filter((_, index) => outcomes[index]);
  },
};

const CHANGE = `UPDATE nest_session
  SET token = 'new', previous_token = 'old', previous_until = 5, epoch = epoch + 1, version = version + 77,
      last_seen_at = last_seen_at + 1, expires_at = expires_at + 3600000, data = '{"changed":true}'
  WHERE handle = ?`;
const TO_BOB = moveTo("'bob'");

function moveTo(user: string): string {
  return `UPDATE nest_session SET user_id = ${user}, epoch = epoch + 1, version = version + 1 WHERE handle = ?`;
}

/** What the other connection does with the row that it holds. */
interface Act {
  readonly what: string;
  readonly statements: readonly string[];
  readonly ending?: 'ROLLBACK';
  /** Whether the row is a session of `ada` afterwards, and so has to be ended. */
  readonly isEnded: boolean;
}

const ACTS: readonly Act[] = [
  { what: 'is let go', statements: [], isEnded: true },
  { what: 'is changed', statements: [CHANGE], isEnded: true },
  { what: 'is changed twice', statements: [CHANGE, CHANGE], isEnded: true },
  { what: 'is not changed in the end', statements: [CHANGE], ending: 'ROLLBACK', isEnded: true },
  { what: 'goes to another user', statements: [TO_BOB], isEnded: false },
  { what: 'goes to a user in other letters', statements: [moveTo("'Ada'")], isEnded: false },
  { what: 'goes to a user with a blank more', statements: [moveTo("'ada '")], isEnded: false },
  { what: 'goes to nobody', statements: [moveTo('NULL')], isEnded: false },
  { what: 'does not go to another user in the end', statements: [TO_BOB], ending: 'ROLLBACK', isEnded: true },
  { what: 'goes to another user and back', statements: [TO_BOB, moveTo("'ada'")], isEnded: true },
  { what: 'is deleted', statements: ['DELETE FROM nest_session WHERE handle = ?'], isEnded: false },
];

/** What holds of ends that meet a row which another transaction holds, in every database that locks rows. */
export function testHeldEnds(table: () => SharedTable): void {
  describe.each(Object.entries(ENDS))('%s meets a row that is held', (_, end) => {
    describe.each(['before', 'after'])('and that, %s the call,', (when) => {
      test.each(ACTS)('$what', async ({ statements, ending = 'COMMIT', isEnded }) => {
        const { store, lock, run, waits } = table();
        const [first, held, last] = newRecords(3, { userId: 'ada' }) as Three;
        const other = newRecord({ userId: 'bob' });
        await store.create([first, held, last, other]);
        const act = async (): Promise<void> => {
          for (const statement of statements) await run(statement, [held.key]);
        };
        await lock(held);
        if (when === 'before') await act();
        const answer = end(store, keysOf([first, held, last]));
        await until(waits, 'the end waits for the row');
        expect(await store.read(keysOf([first, last]))).toEqual([undefined, undefined]); // and holds up no other
        if (when === 'after') await act();
        await run(ending);
        expect([...(await answer)].sort()).toEqual(
          keysOf(isEnded ? [first, held, last] : [first, last]).sort(),
        );
        const isLeft = !isEnded && !statements[0]!.startsWith('DELETE');
        const left = await store.read(keysOf([held, other]));
        expect(left.map((record) => record?.key)).toEqual([isLeft ? held.key : undefined, other.key]);
      });
    });
  });

  test('delete() ends a session that goes to another user at that moment', async () => {
    const { store, lock, run, waits } = table();
    const held = newRecord({ userId: 'ada' });
    await store.create([held]);
    await lock(held);
    const answer = store.delete([held.key]);
    await until(waits, 'the end waits for the row');
    await run(TO_BOB, [held.key]);
    await run('COMMIT');
    expect(await answer).toEqual([true]);
    expect(await store.count(undefined, 0)).toBe(0);
  });

  test('deleteByUser() leaves alone the rows of others, held or not', async () => {
    const { store, lock, run } = table();
    const [own, kept, other] = [
      newRecord({ userId: 'ada' }),
      newRecord({ userId: 'ada' }),
      newRecord({ userId: 'bob' }),
    ];
    await store.create([own, kept, other]);
    await lock(kept, other);
    expect(await store.deleteByUser('ada', [kept.key])).toEqual([own.key]);
    await run('COMMIT');
  });

  test.each(['deleteByUser()', 'deleteOwned()', 'both'])(
    '%s, several times at once, ends each session once, without a deadlock',
    async (name) => {
      const { store, lock, run, watch, waits } = table();
      const records = newRecords(40, { userId: 'ada' });
      await store.create(records);
      // Every second row is written anew, and so lies elsewhere in the table.
      for (const { key } of records.filter((_, index) => index % 2 === 0)) await run(CHANGE, [key]);
      await lock(records[20]!);
      const { errors } = watch();
      const ends = name === 'both' ? Object.values(ENDS) : [ENDS[name]!];
      const keys = keysOf(records);
      const answers = Promise.all(
        [keys, keys.toReversed(), keys].flatMap((some) => ends.map((end) => end(store, some))),
      );
      await until(waits, 'an end waits');
      await run('COMMIT');
      expect((await answers).flat().sort()).toEqual(keys.sort());
      expect(errors).toEqual([]);
    },
  );
}

type Three = [SessionRecord, SessionRecord, SessionRecord];
