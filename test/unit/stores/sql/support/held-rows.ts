import { expect, test } from '@jest/globals';
import type { SessionChange, SessionRecord } from '../../../../../lib/core/record/session-record.js';
import type { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, touchOf } from '../../../../../lib/testing/contract/records.js';
import { until } from './support.js';

/** A table of sessions, and another connection to it. */
export interface SharedTable {
  readonly store: TypeOrmSessionStore;
  /** Begins a transaction of the other connection, which locks these rows. */
  lock(this: void, ...records: SessionRecord[]): Promise<void>;
  /** Runs a statement of the other connection, with `?` for its parameters. */
  run(this: void, sql: string, parameters?: (string | number)[]): Promise<unknown>;
  /** Notes what the store sends, and what the server refuses of it. */
  watch(this: void): { readonly sent: readonly unknown[]; readonly errors: readonly unknown[] };
  /** How many statements an update sends before it comes back for a locked row. */
  readonly comesBackAfter: number;
  /** Whether a statement waits for a lock. */
  waits(this: void): Promise<boolean>;
}

/** What holds of a row that another transaction holds, in every database that locks rows. */
export function testHeldRows(table: () => SharedTable): void {
  const versionOf = async ({ key }: SessionRecord): Promise<number | undefined> =>
    (await table().store.read([key]))[0]?.version;

  const isWritten = async ({ key, next }: SessionChange): Promise<boolean> =>
    (await table().store.read([key]))[0]?.version === next.version;

  test('holds up no other row of a shared update, and is written when it is let go', async () => {
    const { store, lock, run } = table();
    const records = [newRecord(), newRecord(), newRecord()] as const;
    const touched = newRecord();
    await store.create([...records, touched]);
    await lock(records[1]);
    const [first, held, last] = records.map((record) => changeOf(record)) as Three;
    const answer = store.update([first, held, last, touchOf(touched, 5)]);
    await until(async () => (await isWritten(first)) && (await isWritten(last)), 'the others were written');
    expect(await isWritten(held)).toBe(false);
    await run('COMMIT');
    expect(await answer).toEqual([true, true, true, true]);
    expect(await isWritten(held)).toBe(true);
  });

  test('holds up no other row of a shared removal, and is removed when it is let go', async () => {
    const { store, lock, run } = table();
    const [first, held, last] = [newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last]);
    await lock(held);
    const answer = store.delete([first.key, held.key, last.key]);
    await until(async () => (await store.count(undefined, 0)) === 1, 'the others were removed');
    await run('COMMIT');
    expect(await answer).toEqual([true, true, true]);
    expect(await store.count(undefined, 0)).toBe(0);
  });

  test('is no longer waited for when it was changed or removed meanwhile', async () => {
    const { store, lock, run, watch, comesBackAfter } = table();
    const [changed, removed] = [newRecord(), newRecord()];
    await store.create([changed, removed]);
    await lock(changed, removed);
    await run('UPDATE nest_session SET version = 9 WHERE handle = ?', [changed.key]);
    await run('DELETE FROM nest_session WHERE handle = ?', [removed.key]);
    const { sent } = watch();
    const answer = store.update([changeOf(changed), touchOf(removed, 1)]);
    await until(() => Promise.resolve(sent.length > comesBackAfter), 'the store came back for the rows');
    await run('COMMIT');
    expect(await answer).toEqual([false, false]);
    expect(await versionOf(changed)).toBe(9);
  });

  test('and is not let go fails alone', async () => {
    const { store, lock, run } = table();
    const [first, held] = [newRecord(), newRecord()];
    await store.create([first, held]);
    await lock(held);
    const failed: unknown = expect.objectContaining({
      message: 'The row of the session is locked by another transaction.',
    });
    expect(await store.update([changeOf(first), changeOf(held)])).toEqual([true, failed]);
    await run('COMMIT');
    expect(await versionOf(held)).toBe(held.version);
  });
}

type Three = [SessionChange, SessionChange, SessionChange];
