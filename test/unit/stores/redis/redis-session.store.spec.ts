import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import {
  changeOf,
  created,
  newRecord,
  newRecords,
  readOne,
  renewalOf,
  touchOf,
} from '../../../../lib/testing/contract/records.js';
import { openRedisSpace, REDIS_URL, type RedisSpace } from '../../../support/redis.js';

const HOUR = 3_600_000;

(REDIS_URL ? describe : describe.skip)('RedisSessionStore on one server', () => {
  let space: RedisSpace;
  let store: RedisSessionStore;
  let sent: string[][];

  beforeAll(async () => void (space = await openRedisSpace()));
  beforeEach(() => {
    sent = [];
    const { client, prefix } = space;
    const send = client.sendCommand.bind(client);
    jest.spyOn(client, 'sendCommand').mockImplementation((args, options) => {
      sent.push(args as string[]);
      return send(args, options);
    });
    store = new RedisSessionStore({ client, prefix });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await space.clear();
  });
  afterAll(() => space.close());

  const commands = (): string[] => sent.map(([name]) => name!);
  const lifeOf = (name: string): Promise<number> => space.client.pTTL(space.prefix + name);

  it('sends one command for a commit, and those of a call before the first answer', async () => {
    const records = newRecords(20, { userId: 'ada' });
    const made = store.create(records);
    expect(commands()).toEqual(Array<string>(20).fill('EVALSHA'));
    await made;
    sent = [];
    const changed = store.update(records.map((record) => renewalOf(record)));
    expect(commands()).toEqual(Array<string>(20).fill('EVALSHA'));
    await changed;
  });

  it('reads many sessions with one command', async () => {
    const records = newRecords(20);
    await created(store, records);
    sent = [];
    await store.read(records.map(({ key }) => key));
    expect(commands()).toEqual(['MGET']);
  });

  it('writes its indexes with the changes that concern them, and else leaves them alone', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const indexes = (await space.keys()).filter((name) => !name.includes(record.key));
    expect(indexes).toHaveLength(2);
    await space.client.unlink(indexes.map((name) => space.prefix + name));
    const change = changeOf(record);
    expect(await store.update([{ ...change, keepsIndexes: true }])).toEqual([true]);
    expect(await store.findByUser('ada', Date.now())).toEqual([]);
    expect(await store.update([touchOf(change.next, 5)])).toEqual([true]);
    expect(await store.findByUser('ada', Date.now())).toHaveLength(1);
  });

  it('searches no keys', async () => {
    await created(store, newRecords(3, { userId: 'ada' }));
    await store.findByUser('ada', Date.now());
    await store.count(undefined, Date.now());
    await store.deleteByUser('ada', []);
    await store.deleteAll();
    expect(commands().filter((name) => /SCAN|KEYS/.test(name))).toEqual([]);
  });

  it('has Redis remove everything that it writes', async () => {
    const [renewed, other] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'ada' })];
    await created(store, [renewed, other]);
    await store.update([renewalOf(renewed), touchOf(other, 5)]);
    const names = await space.keys();
    expect(names.length).toBeGreaterThanOrEqual(4); // two sessions, the index of the user, one or two of all
    for (const name of names) expect(await lifeOf(name)).toBeGreaterThan(HOUR - 60_000);
  });

  it('has Redis keep an index for as long as the longest session in it', async () => {
    const now = Date.now();
    const lasting = (life: number) => newRecord({ userId: 'ada', lastSeenAt: now, expiresAt: now + life });
    await created(store, [lasting(10 * HOUR)]);
    await created(store, [lasting(HOUR)]);
    expect(await lifeOf('user:ada')).toBeGreaterThan(10 * HOUR);
  });

  it('counts a life from the write on, whatever the clocks say', async () => {
    const at = Date.UTC(2001, 0, 1);
    const record = newRecord({ createdAt: at, lastSeenAt: at, expiresAt: at + HOUR });
    await created(store, [record]);
    expect(Math.abs((await lifeOf(`{${record.key}}`)) - HOUR)).toBeLessThan(60_000);
    await store.update([changeOf(record, { lastSeenAt: at + 1000, expiresAt: at + 3 * HOUR })]);
    expect(Math.abs((await lifeOf(`{${record.key}}`)) - 3 * HOUR)).toBeLessThan(60_000);
  });

  it('finds nothing once Redis has let it expire', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await space.client.pExpire(`${space.prefix}{${record.key}}`, 0);
    expect(await readOne(store, record.key)).toBeUndefined();
    expect(await store.findByUser('ada', Date.now())).toEqual([]);
    expect(await store.deleteByUser('ada', [])).toEqual([]);
    expect(await store.update([changeOf(record)])).toEqual([false]);
  });

  it('ignores entries of an index that lead to nothing or to a session of somebody else', async () => {
    const now = Date.now();
    const [own, foreign] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'bob' })];
    await created(store, [own, foreign]);
    await space.client.zAdd(`${space.prefix}user:ada`, [
      { value: 'nothing', score: now + HOUR },
      { value: foreign.key, score: now + HOUR },
    ]);
    expect((await store.findByUser('ada', now)).map(({ key }) => key)).toEqual([own.key]);
    expect(await store.count('ada', now)).toBe(1);
    expect(await store.deleteByUser('ada', [])).toEqual([own.key]);
    expect(await readOne(store, foreign.key)).toEqual(foreign);
  });

  it('drops entries from an index an hour after their sessions have expired, by the clock of the server', async () => {
    const now = Date.now();
    await created(store, newRecords(1, { userId: 'ada' }));
    const user = `${space.prefix}user:ada`;
    await space.client.zAdd(user, [
      { value: 'expired', score: now - HOUR / 2 },
      { value: 'long expired', score: now - 2 * HOUR },
    ]);
    const skewed = { userId: 'ada', lastSeenAt: now + 9 * HOUR, expiresAt: now + 10 * HOUR };
    await created(store, [newRecord(skewed)]);
    const entries = await space.client.zRange(user, 0, -1);
    expect([entries.includes('expired'), entries.includes('long expired')]).toEqual([true, false]);
  });

  it('removes nothing of an index when it reads', async () => {
    await created(store, newRecords(2, { userId: 'ada' }));
    sent = [];
    await store.findByUser('ada', Date.now());
    await store.count(undefined, Date.now());
    expect(commands().filter((name) => !['ZRANGE', 'MGET', 'ZCOUNT'].includes(name))).toEqual([]);
  });

  it('lists no data and no tokens', async () => {
    await created(store, [newRecord({ userId: 'ada' })]);
    const [summary] = await store.findByUser('ada', Date.now());
    expect(Object.keys(summary!).sort()).toEqual(
      'authenticatedAt createdAt epoch expiresAt ip key lastSeenAt userAgent userId version'.split(' '),
    );
  });

  it('removes a session with one command where its user is known or is nobody, and else with two', async () => {
    const records = [newRecord({ userId: 'ada' }), newRecord(), newRecord({ userId: 'ada' })];
    await created(store, records);
    const [owned, nobodys, other] = records.map(({ key }) => key);
    sent = [];
    expect(await store.deleteOwned('ada', [owned!])).toEqual([true]);
    expect(await store.delete([nobodys!])).toEqual([true]);
    expect(commands()).toEqual(['EVALSHA', 'EVALSHA']);
    expect(await store.delete([other!])).toEqual([true]);
    expect(commands()).toHaveLength(4);
    expect(await space.keys()).toEqual([]);
  });

  it('tells users apart exactly, also where their id is longer than what a script reads first', async () => {
    const long = 'u'.repeat(5000);
    const users = ['null', '', ' ', '"', 'a\nb', long];
    const records = [...users, null].map((userId) => newRecord({ userId }));
    await created(store, records);
    const keys = records.map(({ key }) => key);
    for (const [index, user] of users.entries()) {
      const expected = records.map((_, at) => at === index);
      expect(await store.deleteOwned(user, keys)).toEqual(expected);
      await created(store, [records[index]!]);
      expect(await store.deleteByUser(user, [])).toEqual([keys[index]]);
    }
    expect(await store.deleteOwned('null', keys)).toEqual(keys.map(() => false));
    await created(store, [newRecord({ userId: long, data: '{}' })]);
    expect(await store.deleteAll()).toBe(2);
    expect(await space.keys()).toEqual([]);
  });

  it('removes what somebody else wrote under its names, but not as the session of a user', async () => {
    const texts = ['x', '{"cookie":{}}', '12\nnot JSON\n[]\n=', '12\n"ada"\nno facts'];
    const records = texts.map(() => newRecord());
    const keys = records.map(({ key }) => key);
    for (const [index, text] of texts.entries())
      await space.client.set(`${space.prefix}{${keys[index]}}`, text);
    expect((await store.read(keys)).map((record) => record?.meta)).toEqual(['', '', '', '']);
    expect(await store.update(records.map((record) => changeOf(record)))).toEqual(Array(4).fill(false));
    expect(await store.create(records)).toEqual(Array(4).fill(false));
    expect(await store.deleteOwned('bob', keys)).toEqual(Array(4).fill(false));
    expect(await store.delete(keys)).toEqual(Array(4).fill(true));
    expect(await space.keys()).toEqual([]);
  });

  it('does not send the data of a session that is touched', async () => {
    const record = newRecord({ data: '{"secret":"data"}' });
    await created(store, [record]);
    sent = [];
    await store.update([touchOf(record, 1)]);
    expect(JSON.stringify(sent)).not.toContain('secret');
    expect((await readOne(store, record.key))?.data).toBe(record.data);
  });

  it('keeps what UTF-8 cannot hold', async () => {
    const odd = 'a\0b\ud83d';
    const record = newRecord({ data: `{"a":"${odd}"}`, meta: odd, userId: odd, ip: odd, userAgent: odd });
    await created(store, [record]);
    expect(await readOne(store, record.key)).toEqual(record);
    expect(await store.count(odd, Date.now())).toBe(1);
    expect(await store.count('a\0b\ud83e', Date.now())).toBe(0); // in UTF-8 the same
  });

  it('answers one bad item with its error, and rejects when nothing worked', async () => {
    const [good, bad] = [newRecord(), newRecord()];
    await space.client.hSet(`${space.prefix}{${bad.key}}`, 'not', 'ours');
    const [one, two] = await store.create([good, bad]);
    expect([one, (two as Error).message]).toEqual([true, expect.stringContaining('WRONGTYPE')]);
    await expect(store.create([bad])).rejects.toThrow('WRONGTYPE');
    expect(await store.read([good.key, bad.key])).toEqual([good, undefined]);
  });
});
