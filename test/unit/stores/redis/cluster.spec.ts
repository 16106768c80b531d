import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCluster } from 'redis';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import type { SessionRecord } from '../../../../lib/core/session-record.js';
import {
  changeOf,
  created,
  newKey,
  newRecord,
  readOne,
  renewalOf,
  touchOf,
} from '../../../../lib/testing/contract/records.js';
import { REDIS_SERVER, startRedisCluster } from '../../../support/redis-server.js';

const HOUR = 3_600_000;

(REDIS_SERVER ? describe : describe.skip)('RedisSessionStore on a Cluster', () => {
  let servers: Awaited<ReturnType<typeof startRedisCluster>>;
  let client: ReturnType<typeof createCluster>;
  let prefix: string;
  let store: RedisSessionStore;
  /** Another instance, which remembers nothing. */
  let other: RedisSessionStore;

  beforeAll(async () => {
    servers = await startRedisCluster();
    client = createCluster({ rootNodes: servers.urls.map((url) => ({ url })) });
    client.on('error', () => undefined); // the calls that fail tell of it
    await client.connect();
  });
  beforeEach(() => {
    prefix = `${randomBytes(4).toString('hex')}:`;
    store = new RedisSessionStore({ client, prefix });
    other = new RedisSessionStore({ client, prefix });
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await client.close();
    await servers.close();
  });

  const nameOf = (key: string): string => `${prefix}{${key}}`;

  /** Renews a session so often, through one instance and the other. */
  async function renewed(record: SessionRecord, times: number): Promise<SessionRecord[]> {
    const steps = [record];
    for (let n = 0; n < times; n++) {
      const change = renewalOf(steps.at(-1)!);
      expect(await [store, other][n % 2]!.update([change])).toEqual([true]);
      steps.push(change.next);
    }
    return steps;
  }

  /** Has every command fail from the first on that is about this, as if the process had died there. */
  function dieAt(isLast: (args: readonly string[]) => boolean): void {
    const send = client.sendCommand.bind(client);
    let dead = false;
    jest.spyOn(client, 'sendCommand').mockImplementation((key, isReadonly, args, options) => {
      dead ||= isLast(args as string[]);
      return dead ? Promise.reject(new Error('dead')) : send(key, isReadonly, args, options);
    });
  }

  const isWrite = (record: SessionRecord) => (args: readonly string[]) =>
    args.some((arg) => arg.startsWith(`${record.version} ${record.key} `));

  it('follows a session through any number of keys, on any instance', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const steps = await renewed(record, 4);
    const last = steps.at(-1)!;
    for (const one of [store, other]) {
      expect(await one.read(steps.map(({ key }) => key))).toEqual([
        undefined,
        undefined,
        undefined,
        last,
        last,
      ]);
      expect((await one.findByUser('ada', Date.now())).map(({ key }) => key)).toEqual([last.key]);
      expect(await one.count(undefined, Date.now())).toBe(1);
    }
    const change = changeOf(last, { data: '{"n":2}' });
    expect(await other.update([{ ...changeOf(last), key: steps[3]!.key }])).toEqual([false]);
    expect(await other.update([change])).toEqual([true]);
    expect(await store.update([changeOf(last)])).toEqual([false]);
    expect(await readOne(store, last.key)).toEqual(change.next);
    expect(await store.delete([steps[0]!.key, steps[1]!.key])).toEqual([false, false]);
    expect(await store.delete([steps[3]!.key])).toEqual([true]);
    expect(await other.read(steps.map(({ key }) => key))).toEqual(Array(5).fill(undefined));
    expect(await other.update([changeOf(change.next)])).toEqual([false]);
    expect(await other.count(undefined, Date.now())).toBe(0);
  });

  it('keeps a session in the slot where it began, and pointers as long as the session', async () => {
    const record = newRecord();
    await created(store, [record]);
    const [first, second, last] = (await renewed(record, 2)) as [SessionRecord, SessionRecord, SessionRecord];
    const touch = touchOf(last, 5 * HOUR);
    touch.next satisfies SessionRecord;
    const longer = { ...touch, next: { ...touch.next, lastSeenAt: last.lastSeenAt } };
    expect(await other.update([longer])).toEqual([true]);
    const place = `${nameOf(first.key)}:${second.key}`;
    expect(await client.get(place)).toMatch(new RegExp(`^3 ${last.key} `));
    for (const name of [place, nameOf(second.key), nameOf(last.key)])
      expect(await client.pTTL(name)).toBeGreaterThan(5 * HOUR);
    expect(await client.get(nameOf(last.key))).toBe(`>${place}`);
  });

  it('is read in one step where it was read before, and anew where that place is no longer its own', async () => {
    const record = newRecord();
    await created(store, [record]);
    const last = (await renewed(record, 1)).at(-1)!;
    await readOne(other, last.key);
    const sent = jest.spyOn(client, 'sendCommand');
    expect(await readOne(other, last.key)).toEqual(last);
    expect(sent).toHaveBeenCalledTimes(1);
    expect(await store.delete([last.key])).toEqual([true]);
    expect(await readOne(other, last.key)).toBeUndefined();
    await client.del(nameOf(last.key));
    await created(store, [last]);
    expect(await readOne(other, last.key)).toEqual(last);
  });

  it('a session that was not written for want of time is in no list, and may be written again', async () => {
    const record = newRecord({ userId: 'ada' });
    dieAt(isWrite(record));
    await expect(store.create([record])).rejects.toThrow('dead');
    jest.restoreAllMocks();
    expect(await client.zCard(`${prefix}user:ada`)).toBe(1); // the entry that leads nowhere
    expect(await other.findByUser('ada', Date.now())).toEqual([]);
    expect(await other.count('ada', Date.now())).toBe(0);
    await created(other, [record]);
    expect(await other.deleteByUser('ada', [])).toEqual([record.key]);
  });

  it('a renewal that broke off before the session changes nothing, and may be tried again', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const renewal = renewalOf(record);
    dieAt(isWrite(renewal.next));
    await expect(store.update([renewal])).rejects.toThrow('dead');
    jest.restoreAllMocks();
    expect(await other.read([record.key, renewal.next.key])).toEqual([record, undefined]);
    expect((await other.findByUser('ada', Date.now())).map(({ key }) => key)).toEqual([record.key]);
    expect(await other.update([renewal])).toEqual([true]);
    expect(await store.read([record.key, renewal.next.key])).toEqual([renewal.next, renewal.next]);
  });

  it('a renewal that broke off after the session is complete', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const renewal = renewalOf(record);
    dieAt(([name]) => name === 'ZREM');
    expect(await store.update([renewal])).toEqual([true]);
    jest.restoreAllMocks();
    expect(await client.zCard(`${prefix}user:ada`)).toBe(2); // the old key, too
    expect((await other.findByUser('ada', Date.now())).map(({ key }) => key)).toEqual([renewal.next.key]);
    expect(await other.deleteByUser('ada', [])).toEqual([renewal.next.key]);
  });

  it('a key that only leads elsewhere is free, and one of a session with another place is not', async () => {
    const record = newRecord();
    await created(store, [record]);
    const [, second, last] = (await renewed(record, 2)) as [SessionRecord, SessionRecord, SessionRecord];
    expect(await other.create([{ ...record, key: last.key }])).toEqual([false]);
    const taker = newRecord({ key: second.key });
    expect(await other.create([taker])).toEqual([true]);
    expect(await store.read([second.key, last.key])).toEqual([taker, last]);
    const rival = newRecord();
    await created(store, [rival]);
    expect(await store.update([renewalOf(rival, last.key)])).toEqual([false]);
    expect(await store.read([rival.key, last.key])).toEqual([rival, last]);
  });

  it('an index never forgets a session for a shorter life that was written later', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await store.update([changeOf(record, { expiresAt: record.expiresAt - HOUR / 2 })]);
    expect(await client.zScore(`${prefix}user:ada`, record.key)).toBe(record.expiresAt);
  });

  it('one of many that cannot be written fails alone', async () => {
    const [good, bad] = [newRecord({ userId: 'ada' }), newRecord({ key: newKey() })];
    await client.hSet(nameOf(bad.key), 'not', 'ours');
    const [one, two] = await store.create([good, bad]);
    expect([one, (two as Error).message]).toEqual([true, expect.stringContaining('WRONGTYPE')]);
  });
});
