import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  counterOf,
  type SessionChange,
  type SessionRecord,
  versionAfter,
} from '../../../../lib/core/record/session-record.js';
import type { StoreOutcome } from '../../../../lib/core/store/session-store.js';
import { CookieSessionStore } from '../../../../lib/stores/cookie/index.js';
import { MINUTE, TestClock } from '../../../support/clock.js';
import { changeOf, newRecord } from './support.js';

/** What CookieSessionStore knows of the sessions that were written in this process. */
describe('the memory of CookieSessionStore', () => {
  let store: CookieSessionStore;
  let clock: TestClock;
  let first: SessionRecord;

  beforeEach(() => {
    store = new CookieSessionStore();
    clock = new TestClock();
    first = newRecord();
  });
  afterEach(() => clock.restore());

  const create = async (record: SessionRecord): Promise<StoreOutcome> => (await store.create([record]))[0]!;
  const update = async (change: SessionChange): Promise<StoreOutcome> => (await store.update([change]))[0]!;
  const read = async (key = first.key): Promise<SessionRecord | undefined> => (await store.read([key]))[0];

  /** The record after so many changes, as other processes made them. */
  const after = (changes: number, fields: Partial<SessionRecord> = {}): SessionRecord => {
    let { version } = first;
    for (let index = 0; index < changes; index++) version = versionAfter(version);
    return { ...first, version, ...fields };
  };

  it('answers in the order of the questions', async () => {
    const [one, two] = [newRecord({ key: 'one' }), newRecord({ key: 'two' })];
    expect(await store.create([one, two, one])).toEqual([true, true, false]);
    const stale = { ...changeOf(one), version: 0 };
    expect(await store.update([stale, changeOf(two, { data: '{}' })])).toEqual([false, true]);
    expect(await store.delete(['one', 'three'])).toEqual([true, true]);
    expect(await store.read(['three', 'two', 'one'])).toEqual([
      undefined,
      expect.objectContaining({ key: 'two', data: '{}' }),
      undefined,
    ]);
  });

  describe('create()', () => {
    it('remembers a new session', async () => {
      expect(await create(first)).toBe(true);
      expect(await read()).toEqual(first);
    });

    it('refuses a key that is known, alive or ended', async () => {
      await create(first);
      expect(await create(newRecord({ data: '{}' }))).toBe(false);
      expect(await read()).toEqual(first);
      await store.delete([first.key]);
      expect(await create(first)).toBe(false);
      expect(await read()).toBeUndefined();
    });
  });

  describe('update()', () => {
    it('accepts a change of a session that is unknown here, and remembers it', async () => {
      const change = changeOf(first);
      expect(await update(change)).toBe(true);
      expect(await read()).toEqual(change.next);
    });

    it('accepts a change of the version that is known here, and a touch of it', async () => {
      await create(first);
      const touch = { ...changeOf(first), next: { ...first, lastSeenAt: first.lastSeenAt + 1 } };
      expect(await update(touch)).toBe(true);
      expect(await read()).toEqual(touch.next);
      const change = changeOf(first);
      expect(await update(change)).toBe(true);
      expect(await read()).toEqual(change.next);
    });

    it('refuses a change, and a touch, of an older version', async () => {
      await create(first);
      const winner = changeOf(first, { data: '{"winner":1}' });
      await update(winner);
      expect(await update(changeOf(first))).toBe(false);
      expect(await update({ ...changeOf(first), next: first })).toBe(false);
      expect(await read()).toEqual(winner.next);
    });

    it('refuses a change of another version with the same counter', async () => {
      await create(first);
      const other = { ...first, version: first.version ^ 1 };
      expect(counterOf(other.version)).toBe(counterOf(first.version));
      expect(await update(changeOf(other))).toBe(false);
    });

    it('accepts a change of a newer version: another process has written that', async () => {
      await create(first);
      const change = changeOf(after(2));
      expect(await update(change)).toBe(true);
      expect(await read()).toEqual(change.next);
    });

    it('refuses a change from before a login here, however often another process changed the session', async () => {
      await create(first);
      const login = changeOf(first, { epoch: 1 });
      await update(login);
      expect(await update(changeOf(after(9)))).toBe(false);
      expect(await read()).toEqual(login.next);
    });

    it('refuses a login against an older version, so that it is merged first', async () => {
      await create(first);
      await update(changeOf(first));
      expect(await update(changeOf(first, { epoch: 1 }))).toBe(false);
    });

    it('refuses a change of a session that ended here, whatever its version', async () => {
      await create(first);
      await store.delete([first.key]);
      for (const change of [changeOf(first), changeOf(after(9, { epoch: 9 }))])
        expect(await update(change)).toBe(false);
      expect(await read()).toBeUndefined();
    });
  });

  describe('newest()', () => {
    it('is the record itself where the session is unknown here, and does not remember it', async () => {
      expect(store.newest(first)).toBe(first);
      expect(await read()).toBeUndefined();
    });

    it('is the record itself in the version that is known here; a later touch stays known', async () => {
      const touched = { ...first, lastSeenAt: first.lastSeenAt + 1 };
      await create(touched);
      expect(store.newest(first)).toBe(first);
      expect(await read()).toEqual(touched);
    });

    it('is what is known here where that is newer', async () => {
      await create(first);
      const { next } = changeOf(first);
      await update({ ...changeOf(first), next });
      expect(store.newest(first)).toEqual(next);
    });

    it('is the record itself where it is newer, which is then the newest here', async () => {
      await create(first);
      const ahead = after(2);
      expect(store.newest(ahead)).toBe(ahead);
      expect(await read()).toEqual(ahead);
      // A request that began before is merged with it.
      expect(await update(changeOf(first))).toBe(false);
      expect(store.newest(first)).toEqual(ahead);
    });

    it('is, with the same counter, the record that the browser has, which is then the newest here', async () => {
      await create(first);
      const [here, there] = [after(1, { data: '{"here":1}' }), after(1, { data: '{"there":1}' })];
      await update({ key: first.key, version: first.version, next: here });
      expect(store.newest(there)).toBe(there);
      expect(await update(changeOf(here))).toBe(false);
      expect(await update(changeOf(there))).toBe(true);
    });

    it('is the record of the higher epoch, whatever the counters', async () => {
      const [login, late] = [after(1, { epoch: 1 }), after(9)];
      await create(login);
      expect(store.newest(late)).toEqual(login);
      expect(await read()).toEqual(login);

      const elsewhere = after(1, { epoch: 2 });
      await update({ key: first.key, version: login.version, next: after(9, { epoch: 1 }) });
      expect(store.newest(elsewhere)).toBe(elsewhere);
      expect(await read()).toEqual(elsewhere);
    });

    it('is nothing where the session ended here, whatever the version', async () => {
      await store.delete([first.key]);
      expect([first, after(9, { epoch: 9 })].map((record) => store.newest(record))).toEqual([
        undefined,
        undefined,
      ]);
    });
  });

  describe('delete()', () => {
    it('remembers the end, also of a session that was unknown here', async () => {
      expect(await store.delete([first.key])).toEqual([true]);
      expect(await read()).toBeUndefined();
      expect(store.newest(first)).toBeUndefined();
    });
  });

  it('reaches back five minutes: then a copy is good again, as across processes', async () => {
    await create(first);
    const login = changeOf(first, { epoch: 1 });
    await update(login);
    await store.delete(['ended']);
    const ended = newRecord({ key: 'ended' });
    clock.advance(5 * MINUTE - 1_000);
    expect([store.newest(first), store.newest(ended)]).toEqual([login.next, undefined]);
    clock.advance(1_000);
    expect([store.newest(first), store.newest(ended)]).toEqual([first, ended]);
    expect(await read()).toBeUndefined();
    expect([await create(ended), await update(changeOf(first))]).toEqual([true, true]);
  });

  it('is one for all applications of a store, and none is shared between stores', async () => {
    const other = new CookieSessionStore();
    await store.delete([first.key]);
    expect([store.newest(first), other.newest(first)]).toEqual([undefined, first]);
  });
});
