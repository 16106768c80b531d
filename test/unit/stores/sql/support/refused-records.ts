import { expect } from '@jest/globals';
import { inspect } from 'node:util';
import type { SessionRecord } from '../../../../../lib/core/record/session-record.js';
import { confidentialIn, safeError } from '../../../../../lib/core/store/safe-error.js';
import type { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, touchOf } from '../../../../../lib/testing/contract/records.js';

/** The one of thirty that the database refuses. */
const REFUSED = 17;

function failedAlone(outcomes: readonly unknown[]): void {
  expect(outcomes).toEqual(
    outcomes.map((_, index) =>
      index === REFUSED ? expect.objectContaining({ message: expect.any(String) }) : true,
    ),
  );
}

/** Creates thirty sessions at once. The one with these fields, which the database refuses, fails alone. */
export async function failsAloneWhenCreated(
  store: TypeOrmSessionStore,
  fields: Partial<SessionRecord>,
): Promise<void> {
  const records = newRecords(30);
  records[REFUSED] = newRecord(fields);
  failedAlone(await store.create(records));
  const stored = await store.read(records.map(({ key }) => key));
  expect(stored.flatMap((record, index) => (record === undefined ? [index] : []))).toEqual([REFUSED]);
}

/** The same when they are changed. */
export async function failsAloneWhenChanged(
  store: TypeOrmSessionStore,
  fields: Partial<SessionRecord>,
): Promise<void> {
  const records = newRecords(30);
  await store.create(records);
  const changes = records.map((record, index) => changeOf(record, index === REFUSED ? fields : {}));
  failedAlone(await store.update(changes));
  const stored = await store.read(records.map(({ key }) => key));
  expect(stored.map((record) => record?.version)).toEqual(
    changes.map(({ version, next }, index) => (index === REFUSED ? version : next.version)),
  );
}

/** What anybody may see of an error that a store gave, once it has left through the one place where all do. */
export function shownOf(error: unknown): string {
  return inspect(safeError(error, confidentialIn([])), { depth: 20, showHidden: true });
}

/**
 * Has a store send every statement it has, with `SECRET` in all that is secret, and create a session that is refused,
 * whose error quotes nothing of it.
 *
 * @returns The keys, which no log holds either.
 */
export async function sendSecrets(
  store: TypeOrmSessionStore,
  refused: Partial<SessionRecord>,
): Promise<string[]> {
  const record = newRecord({
    token: 'SECRET-1',
    previousToken: 'SECRET-2',
    data: '{"d":"SECRET-3"}',
    meta: '{"m":"SECRET-4"}',
    userId: 'SECRET-5',
    ip: 'SECRET-6',
    userAgent: 'SECRET-7',
  });
  const { key } = record;
  const change = changeOf(record, { token: 'SECRET-8' });
  await store.start();
  const outcomes = await store.create([record, newRecord(refused)]);
  expect(outcomes).toEqual([true, expect.any(Error)]);
  expect(shownOf(outcomes[1])).not.toContain('SECRET');
  await store.read([key]);
  await store.read([key, 'unknown']);
  expect(await store.update([touchOf(record, 1)])).toEqual([true]);
  expect(await store.update([change])).toEqual([true]);
  expect(await store.update([change])).toEqual([false]);
  await store.findByUser('SECRET-5', 0);
  await store.count('SECRET-5', 0);
  await store.count(undefined, 0);
  await store.prune(0, 1);
  expect(await store.deleteOwned('SECRET-9', [key])).toEqual([false]);
  expect(await store.deleteByUser('SECRET-5', [key])).toEqual([]);
  expect(await store.deleteByUser('SECRET-5', [])).toEqual([key]);
  await store.delete([key]);
  return [key];
}
