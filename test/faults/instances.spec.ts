import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { AppProcess } from './support/app-process.js';
import { prepareTable, Stranger } from './support/database.js';

/** Four processes on one database, and clients that jump between them. */
describe('four processes on one database', () => {
  let database: TestDatabase;
  let apps: AppProcess[];
  let stranger: Stranger;

  beforeAll(async () => {
    database = await createDatabase();
    await prepareTable(database.url);
    stranger = await Stranger.at(database.url);
    const start = () => AppProcess.start({ url: database.url, extra: { max: 5 } });
    apps = await Promise.all([start(), start(), start(), start()]);
  });
  afterAll(async () => {
    const ends = await Promise.all(apps.map((app) => app.close()));
    await stranger.close();
    await database.drop();
    expect(ends).toEqual(Array(4).fill({ code: 0, output: '' }));
  });

  /** Clients that have one cookie, one at each of the processes. */
  function everywhere(cookie: string): Client[] {
    return apps.map(({ base }) => {
      const client = new Client(base);
      client.headers.cookie = cookie;
      return client;
    });
  }

  /** The cookie of a new session. */
  async function newSession(): Promise<string> {
    const client = new Client(apps[0]!.base);
    await client.post('/set', { start: 0 });
    return client.cookieHeader;
  }

  const read = (cookie: string): Promise<unknown[]> =>
    Promise.all(everywhere(cookie).map(async (client) => (await client.get('/read')).body as unknown));

  it('lose no update, of whichever key, however clients jump', async () => {
    const cookies = await Promise.all(Array.from({ length: 4 }, newSession));
    const answers = await Promise.all(
      cookies.map(async (cookie) => {
        const clients = everywhere(cookie);
        const statuses: number[] = [];
        for (let round = 0; round < 5; round++) {
          const calls = clients.flatMap((client, index) => [
            client.post('/increment/shared'),
            client.post(`/increment/own${index}`),
            client.post('/set', { [`set${index}`]: round }),
          ]);
          for (const { status } of await Promise.all(calls)) statuses.push(status);
        }
        return statuses;
      }),
    );
    expect(new Set(answers.flat())).toEqual(new Set([201]));
    const wanted = {
      start: 0,
      shared: 20,
      own0: 5,
      own1: 5,
      own2: 5,
      own3: 5,
      set0: 4,
      set1: 4,
      set2: 4,
      set3: 4,
    };
    for (const cookie of cookies) expect(await read(cookie)).toEqual(Array(4).fill(wanted));
  });

  it.each(['logout', 'login'])('bring no session back that %s has ended on one of them', async (end) => {
    const cookies = await Promise.all(Array.from({ length: 8 }, newSession));
    await Promise.all(
      cookies.map(async (cookie, index) => {
        const late = (): Promise<unknown>[] => [
          ...everywhere(cookie).map((client) => client.post('/set', { late: 1 })),
          ...everywhere(cookie).map((client) => client.post('/increment/late')),
        ];
        const before = late();
        const ended = everywhere(cookie)[index % 4]!.post(`/${end}`, { userId: 'ann' });
        const [{ status }] = await Promise.all([ended, ...before, ...late()]);
        expect(status).toBe(201);
      }),
    );
    for (const cookie of cookies) expect(await read(cookie)).toEqual(Array(4).fill({}));
  });

  it('prune all at once, while sessions are used, without a deadlock', async () => {
    const cookie = await newSession();
    const clients = everywhere(cookie);
    await stranger.run(
      `INSERT INTO nest_session (handle, token, epoch, version, data, created_at, last_seen_at, expires_at)
       SELECT 'over ' || n, 'token ' || n, 1, 1, '{}', 0, 0, n FROM generate_series(1, 4000) AS n`,
    );
    const removed = Promise.all(apps.map((app) => app.prune()));
    const used = await Promise.all(
      clients.flatMap((one) => [one, one, one].map((c) => c.post('/increment/count'))),
    );
    expect((await removed).reduce((sum, some) => sum + some, 0)).toBe(4_000);
    expect(used.map(({ status }) => status)).toEqual(Array(12).fill(201));
    expect(await read(cookie)).toEqual(Array(4).fill({ start: 0, count: 12 }));
    expect(await stranger.deadlocks()).toBe(0);
  });
});
