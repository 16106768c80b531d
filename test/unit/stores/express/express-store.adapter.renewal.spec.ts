import { beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../../lib/core/record/session-id.js';
import { SessionDataError } from '../../../../lib/errors/session-data.error.js';
import { ExpressStoreAdapter } from '../../../../lib/stores/express/express-store.adapter.js';
import { defer } from '../../core/support/deferred.js';
import { changeOf, FakeStore, found, newSession, renewalOf } from './support.js';

let store: FakeStore;
let adapter: ExpressStoreAdapter;

describe('a renewed id', () => {
  beforeEach(() => {
    store = new FakeStore();
    adapter = new ExpressStoreAdapter(store);
  });

  it('moves the row: the new one is there before the old one goes', async () => {
    const record = newSession();
    await adapter.create([record]);
    store.calls.splice(0);
    const { next, ...change } = renewalOf(record);
    expect(await adapter.update([{ ...change, next }])).toEqual([true]);
    expect(store.calls).toEqual([
      `get ${record.id}`,
      `get ${next.id}`,
      `set ${next.id}`,
      `destroy ${record.id}`,
    ]);
    expect([...store.rows.keys()]).toEqual([next.id]);
    expect(await adapter.read([next.id])).toEqual([found(next)]);
  });

  it('leads to its session, however often it was renewed: to its key, and to the token of today', async () => {
    const record = newSession();
    await adapter.create([record]);
    let latest = record;
    for (let time = 0; time < 50; time++) {
      const change = renewalOf(latest);
      expect(await adapter.update([change])).toEqual([true]);
      latest = change.next;
    }
    expect(await adapter.read([record.id, latest.id])).toEqual([found(latest), found(latest)]);
    expect(found(latest)).toMatchObject({ key: record.key, token: digestOf(latest.id) });
  });

  it('is changed by a request under way with the id before, and stays renewed', async () => {
    const record = newSession();
    await adapter.create([record]);
    const { next, ...renewal } = renewalOf(record);
    await adapter.update([{ ...renewal, next }]);
    const late = changeOf({ ...next, id: record.id }, { data: '{"n":2}' });
    expect(await adapter.update([late])).toEqual([true]);
    expect([...store.rows.keys()]).toEqual([next.id]);
    expect(await adapter.read([next.id])).toEqual([found({ ...late.next, id: next.id })]);
  });

  it('is renewed again by a login that knows the id before', async () => {
    const record = newSession();
    await adapter.create([record]);
    const { next, ...renewal } = renewalOf(record);
    await adapter.update([{ ...renewal, next }]);
    const login = renewalOf({ ...next, id: record.id });
    expect(await adapter.update([login])).toEqual([true]);
    expect([...store.rows.keys()]).toEqual([login.next.id]);
    expect(await adapter.delete([record.id])).toEqual([true]);
    expect(store.rows.size).toBe(0);
  });

  it('is ended by the id before', async () => {
    const record = newSession();
    await adapter.create([record]);
    await adapter.update([renewalOf(record)]);
    expect(await adapter.delete([record.id])).toEqual([true]);
    expect(store.rows.size).toBe(0);
    expect(await adapter.read([record.id])).toEqual([undefined]);
  });

  it.each(['read', 'delete'] as const)('is found by a %s that began under the id before', async (method) => {
    const record = newSession();
    await adapter.create([record]);
    const renewal = renewalOf(record);
    const [reached, go] = [defer(), defer()];
    let isHeld = true;
    store.before = (called) => {
      if (called !== 'get' || !isHeld) return undefined;
      isHeld = false;
      reached.resolve();
      return go.promise;
    };
    const answer = adapter[method]([record.id]);
    await reached.promise;
    expect(await adapter.update([renewal])).toEqual([true]);
    go.resolve();
    expect(await answer).toEqual([method === 'read' ? found(renewal.next) : true]);
    expect(store.rows.size).toBe(method === 'read' ? 1 : 0);
  });

  it('is no place for a change that was under way: its row is removed again', async () => {
    const record = newSession();
    await adapter.create([record]);
    const [reached, go] = [defer(), defer()];
    store.before = (method, id) => {
      if (method !== 'set' || id !== record.id) return undefined;
      reached.resolve();
      return go.promise;
    };
    const late = adapter.update([changeOf(record)]);
    await reached.promise;
    const renewal = renewalOf(record);
    expect(await adapter.update([renewal])).toEqual([true]);
    go.resolve();
    expect(await late).toEqual([false]);
    expect([...store.rows.keys()]).toEqual([renewal.next.id]);
  });

  it('has one new id where it is renewed twice at once', async () => {
    const record = newSession();
    await adapter.create([record]);
    const renewals = [renewalOf(record), renewalOf(record)];
    const outcomes = (await Promise.all(renewals.map((renewal) => adapter.update([renewal])))).flat();
    expect(outcomes.toSorted()).toEqual([false, true]);
    const { next } = renewals[outcomes.indexOf(true)]!;
    expect([...store.rows.keys()]).toEqual([next.id]);
    expect(await adapter.read([record.id])).toEqual([found(next)]);
  });

  it('is free for another session, and leads to that', async () => {
    const record = newSession();
    await adapter.create([record]);
    const renewal = renewalOf(record);
    await adapter.update([renewal]);
    expect(await adapter.create([record])).toEqual([true]);
    const again = changeOf(record);
    expect(await adapter.update([again])).toEqual([true]);
    expect(await adapter.read([record.id, renewal.next.id])).toEqual([
      found(again.next),
      found(renewal.next),
    ]);
  });

  it('moves no row onto another', async () => {
    const [record, other] = [newSession(), newSession({ data: '{"other":1}' })];
    await adapter.create([record, other]);
    expect(await adapter.update([renewalOf(record, other.id)])).toEqual([expect.any(SessionDataError)]);
    expect(await adapter.read([record.id, other.id])).toEqual([found(record), found(other)]);
  });

  it('stays in force where the old row cannot be removed', async () => {
    const record = newSession();
    await adapter.create([record]);
    const error = new Error('no');
    store.before = (method, id) => {
      if (method === 'destroy' && id === record.id) throw error;
    };
    const renewal = renewalOf(record);
    expect(await adapter.update([renewal])).toEqual([error]);
    expect(await adapter.read([record.id, renewal.next.id])).toEqual([found(record), undefined]);
    store.before = () => undefined;
    expect(await adapter.update([renewalOf(record)])).toEqual([true]);
  });
});
