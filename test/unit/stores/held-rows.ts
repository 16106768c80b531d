import { expect, test } from '@jest/globals';
import type { SessionRecord } from '../../../lib/core/session-record.js';
import type { TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { changeOf, newRecord, renewalOf, touchOf } from '../../../lib/testing/contract/records.js';
import { until } from './support.js';

/** A table of sessions, and somebody else who is at it. */
export interface SharedTable {
  readonly store: TypeOrmSessionStore;
  /** Begins a transaction of the other, which locks these rows. */
  lock(this: void, ...records: SessionRecord[]): Promise<void>;
  /** Runs a statement of the other, with `?` for its parameters. */
  run(this: void, sql: string, parameters?: string[]): Promise<unknown>;
  /** Notes what the store sends. */
  watch(this: void): { readonly sent: readonly unknown[] };
  /** How many statements it sends at least once it has come back for a locked row. */
  readonly comesBackAfter: Readonly<Record<'update' | 'delete', number>>;
}

/** What holds of a row that another transaction holds, in every database that locks rows. */
export function testHeldRows(table: () => SharedTable): void {
  const versionOf = async ({ key }: SessionRecord): Promise<number | undefined> =>
    (await table().store.read([key]))[0]?.version;

  /** Waits until the store has come back for rows that it was asked about. */
  const cameBack = async ({ sent }: ReturnType<SharedTable['watch']>, after: number): Promise<void> =>
    until(() => Promise.resolve(sent.length > after), 'the store came back for the rows');

  test('holds up no other row of a shared update, and is written when it is let go', async () => {
    const { store, lock, run } = table();
    const [first, held, last, touched] = [newRecord(), newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last, touched]);
    await lock(held);
    const changes = [changeOf(first), changeOf(held), changeOf(last), touchOf(touched, 5)];
    const answer = store.update(changes);
    await until(
      async () => (await versionOf(first)) === 2 && (await versionOf(last)) === 2,
      'the others were written',
    );
    expect(await versionOf(held)).toBe(1);
    await run('COMMIT');
    expect(await answer).toEqual([true, true, true, true]);
    expect(await versionOf(held)).toBe(2);
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

  test('is found under its new key by a removal that began before it was renewed', async () => {
    const { store, lock, run, watch, comesBackAfter } = table();
    const record = newRecord();
    await store.create([record]);
    const { next } = renewalOf(record);
    await lock(record);
    const watched = watch();
    const answer = store.delete([record.key]);
    await cameBack(watched, comesBackAfter.delete);
    await run('UPDATE nest_session SET handle = ?, previous_handle = ?, version = 2 WHERE handle = ?', [
      next.key,
      record.key,
      record.key,
    ]);
    await run('COMMIT');
    expect(await answer).toEqual([true]);
    expect(await store.read([record.key, next.key])).toEqual([undefined, undefined]);
  });

  test('is no longer waited for when it was changed or removed meanwhile', async () => {
    const { store, lock, run, watch, comesBackAfter } = table();
    const [changed, removed] = [newRecord(), newRecord()];
    await store.create([changed, removed]);
    await lock(changed, removed);
    await run('UPDATE nest_session SET version = 9 WHERE handle = ?', [changed.key]);
    await run('DELETE FROM nest_session WHERE handle = ?', [removed.key]);
    const watched = watch();
    const answer = store.update([changeOf(changed), touchOf(removed, 1)]);
    await cameBack(watched, comesBackAfter.update);
    await run('COMMIT');
    expect(await answer).toEqual([false, false]);
    expect(await versionOf(changed)).toBe(9);
  });

  test('and is not let go fails alone', async () => {
    const { store, lock, run } = table();
    const [first, held, last] = [newRecord(), newRecord(), newRecord()];
    await store.create([first, held, last]);
    await lock(held);
    const failed: unknown = expect.objectContaining({
      message: 'The row of the session is locked by another transaction.',
    });
    const [changed, removed] = await Promise.all([
      store.update([changeOf(first), changeOf(held)]),
      store.delete([held.key, last.key]),
    ]);
    expect(changed).toEqual([true, failed]);
    expect(removed).toEqual([failed, true]);
    await run('COMMIT');
    expect(await versionOf(held)).toBe(1);
  });
}
