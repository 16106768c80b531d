import { expect } from '@jest/globals';
import { inspect } from 'node:util';
import type { SessionRecord } from '../../../lib/core/session-record.js';
import type { TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, newRecords, renewalOf } from '../../../lib/testing/contract/records.js';

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
  failedAlone(
    await store.update(records.map((record, index) => changeOf(record, index === REFUSED ? fields : {}))),
  );
  const stored = await store.read(records.map(({ key }) => key));
  expect(stored.map((record) => record?.version)).toEqual(
    records.map((_, index) => (index === REFUSED ? 1 : 2)),
  );
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
    data: '{"d":"SECRET-1"}',
    meta: '{"m":"SECRET-2"}',
    userId: 'SECRET-3',
    ip: 'SECRET-4',
    userAgent: 'SECRET-5',
    previousKey: 'SECRET-6',
  });
  const renewal = renewalOf(record);
  await store.start();
  const outcomes = await store.create([record, newRecord(refused)]);
  expect(outcomes).toEqual([true, expect.any(Error)]);
  expect(inspect(outcomes, { depth: 9, showHidden: true })).not.toContain('SECRET');
  await store.read([record.key, 'SECRET-6']);
  await store.update([changeOf(record, { version: 1 }), renewal]);
  await store.update([renewal]);
  await store.findByUser('SECRET-3', 0);
  await store.count('SECRET-3', 0);
  await store.prune(0, 1);
  await store.delete([renewal.next.key]);
  await store.deleteByUser('SECRET-3', [record.key]);
  return [record.key, renewal.next.key];
}
