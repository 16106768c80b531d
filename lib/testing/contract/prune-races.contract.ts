import assert from 'node:assert/strict';
import type { SessionChange, SessionRecord } from '../../core/record/session-record.js';
import type { PrunableTest } from './declarations.js';
import { CHANGES, raceAgainst } from './races.js';
import { assertRecord } from './records.js';

const HOUR = 3_600_000;

/** Tests sessions that are changed while they are pruned. */
export function pruneRacesContract(test: PrunableTest): void {
  for (const { name, from, of } of CHANGES) {
    test(`a session that ${name} prolongs at that moment is removed or lives on`, async (store) => {
      const now = Date.now();
      const prolonged = (record: SessionRecord): SessionChange => {
        const change = of(record);
        return { ...change, next: { ...change.next, expiresAt: now + HOUR } };
      };
      await raceAgainst(
        store,
        { userId: from, expiresAt: now - 1_000 },
        prolonged,
        () => store.prune(now, 100),
        (removed, outcomes) => {
          assert.equal(removed, outcomes.filter(({ found }) => found === undefined).length);
          for (const { found, changed, change } of outcomes) {
            assert.equal(
              found !== undefined,
              changed,
              'a session that was prolonged is there, another is not',
            );
            if (changed) assertRecord(found, change.next);
          }
        },
      );
    });

    test(`a session that ${name} does not prolong is removed, at the next pruning at the latest`, async (store) => {
      const now = Date.now();
      await raceAgainst(
        store,
        { userId: from, expiresAt: now - 1_000 },
        of,
        () => store.prune(now, 100),
        async (removed, outcomes) => {
          assert.equal(removed, outcomes.filter(({ found }) => found === undefined).length);
          for (const { found, changed, change, record } of outcomes) {
            if (found !== undefined) assertRecord(found, changed ? change.next : record);
          }
          assert.equal(removed + (await store.prune(now, 100)), outcomes.length);
        },
      );
    });
  }
}
