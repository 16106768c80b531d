import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import type { Answer, Client } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { openSite, type Site } from '../support/site.js';
import { type Database, openDatabase, Stranger } from './support/database.js';
import { type Proxy, startProxy } from './support/proxy.js';

/** What may befall the statements of a store, on a database that works on. */

let database: TestDatabase;
let proxy: Proxy;
let backend: Database;
let site: Site;
let hasty: Site | undefined;
let stranger: Stranger;

describe('statements', () => {
  beforeEach(async () => {
    database = await createDatabase();
    proxy = await startProxy(database.url);
    stranger = await Stranger.at(database.url);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await stranger.close();
    await hasty?.close();
    hasty = undefined;
    await site.close();
    await backend.close();
    await proxy.close();
    await database.drop();
  });

  async function open(
    options: Parameters<typeof openSite>[1] = {},
    pool: Parameters<typeof openDatabase>[1] = {},
  ): Promise<Client> {
    backend = await openDatabase(proxy.url, pool);
    site = await openSite(backend, options);
    return visitor();
  }

  /** The same browser at a server that waits for the store no longer than this; the other one waits for as long as it takes. */
  async function impatient(client: Client, storeTimeout: number): Promise<Client> {
    hasty = await openSite(backend, { storeTimeout, load: 'lazy' });
    const there = hasty.client();
    for (const [name, value] of client.cookies) there.cookies.set(name, value);
    return there;
  }

  async function visitor(): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', { start: true });
    return client;
  }

  function expectUnavailable({ status, headers, text }: Answer): void {
    expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 503, retryAfter: '1' });
    expect(text).not.toMatch(/nest_session|postgres|terminat|timeout/i);
  }

  /** Has what goes to the pool changed on its way. */
  function intercept<Config extends object>(change: (config: Config) => Config): void {
    const { pool } = backend;
    const query = pool.query.bind(pool) as unknown as (config: Config) => Promise<unknown>;
    const changed = (config: Config): Promise<unknown> => query(change(config));
    jest.spyOn(pool, 'query').mockImplementation(changed as never);
  }

  /** A setting of every connection from now on. */
  async function change(name: string, value: string | undefined): Promise<void> {
    await stranger.set(name, value);
    while (backend.pool.totalCount > 0) await setImmediate();
  }

  /** The driver's words for the last failure, which the client was not told. */
  function lastFailure(): unknown {
    return (hasty ?? site).events.findLast((event) => event.type === 'storeError')?.error;
  }

  const LOCK_TABLE = 'BEGIN; LOCK TABLE nest_session IN ACCESS EXCLUSIVE MODE';

  describe('a connection that is cut', () => {
    it.each(['read', 'set'])(
      'in the middle of a statement (%s) is a 503, and the next one is good',
      async (route) => {
        const client = await open();
        // What reads waits for the lock on the table, what writes for the lock of somebody who reads on.
        await stranger.run(
          route === 'read' ? LOCK_TABLE : 'BEGIN; LOCK TABLE nest_session IN EXCLUSIVE MODE',
        );
        const answer = client.post(`/run/${route}`, { cut: true });
        await stranger.untilWaiting();
        await stranger.terminate('waiting');
        expectUnavailable(await answer);
        expect(lastFailure()).toMatchObject({ cause: { code: '57P01' } });
        await stranger.run('COMMIT');
        expect((await client.post('/run/set', { next: true })).status).toBe(200);
        expect((await client.get('/run/read')).body).toEqual({ start: true, next: true });
      },
    );

    it('while nothing goes over it costs no request', async () => {
      const client = await open();
      for (let times = 0; times < 3; times++) {
        const gone = new Promise((resolve) => backend.pool.once('remove', resolve));
        await stranger.terminate();
        await gone;
        expect((await client.post('/run/increment')).body).toEqual({ count: times + 1 });
      }
    });

    it('after a change was stored, before that is known: a 503, and the change is not made twice', async () => {
      const client = await open();
      intercept((config: { text: string }) => {
        if (config.text.startsWith('UPDATE')) {
          jest.restoreAllMocks();
          proxy.cutAnswers();
        }
        return config;
      });
      expectUnavailable(await client.post('/run/increment'));
      expect((await client.post('/run/increment')).body).toEqual({ count: 2 });
    });
  });

  describe('a statement that takes too long', () => {
    it('for the database (statement_timeout) is a 503', async () => {
      const client = await open();
      await change('statement_timeout', '1s');
      await stranger.run(LOCK_TABLE);
      expectUnavailable(await client.get('/run/read'));
      expect(lastFailure()).toMatchObject({ cause: { code: '57014' } });
      await stranger.run('COMMIT');
      expect((await client.get('/run/read')).body).toEqual({ start: true });
    });

    it('for storeTimeout is a 503, and when it comes through after all it overwrites nothing', async () => {
      const client = await open();
      const late = await impatient(client, 500);
      await stranger.run('BEGIN; LOCK TABLE nest_session IN EXCLUSIVE MODE'); // reads go on
      expectUnavailable(await late.post('/run/set', { color: 'late' }));
      expect(lastFailure()).toMatchObject({ message: expect.stringContaining('within 500 ms') });
      const rows = await stranger.run('UPDATE nest_session SET version = version + 1 RETURNING 1');
      expect(rows).toHaveLength(1);
      await stranger.run('COMMIT');
      expect((await client.post('/run/set', { color: 'now' })).status).toBe(200);
      await client.post('/run/increment');
      expect((await client.get('/run/read')).body).toEqual({ start: true, color: 'now', count: 1 });
    });

    it('because its connection leads nowhere is given up with it, so that the pool can be used and closed', async () => {
      const client = await open({ storeTimeout: 2_000 }, { poolSize: 2 });
      const limits = new Set<number>();
      intercept((config: { query_timeout: number }) => {
        limits.add(config.query_timeout);
        return { ...config, query_timeout: config.query_timeout / 10 };
      });
      await Promise.all([client.get('/run/read'), client.post('/run/set', { two: 'connections' })]);
      proxy.strand();
      expectUnavailable(await client.get('/run/read'));
      let answer = await client.get('/run/read');
      while (answer.status === 503) answer = await client.get('/run/read');
      expect(answer.body).toEqual({ start: true, two: 'connections' });
      expect([...limits]).toEqual([10_000]);
    });

    it('by the limit that the DataSource sets itself is given up after that', async () => {
      const client = await open({}, { extra: { query_timeout: 2_000 } });
      proxy.strand();
      expectUnavailable(await client.get('/run/read'));
      expect(lastFailure()).toMatchObject({ cause: { message: 'Query read timeout' } });
      expect((await client.get('/run/read')).body).toEqual({ start: true });
    });
  });

  describe('a pool that is exhausted', () => {
    it('is a 503 after storeTimeout, no matter to routes without a session, and forgotten when it is not any more', async () => {
      const client = await open({}, { poolSize: 2 });
      const late = await impatient(client, 500);
      const taken = await Promise.all([backend.pool.connect(), backend.pool.connect()]);
      const answers = Promise.all([late.get('/run/read'), late.post('/run/set', { a: 1 })]);
      expect((await hasty!.client().get('/plain/nothing')).status).toBe(200);
      for (const answer of await answers) expectUnavailable(answer);
      expect(lastFailure()).toMatchObject({ message: expect.stringContaining('within 500 ms') });
      for (const connection of taken) connection.release();
      expect((await client.get('/run/read')).body).toEqual({ start: true });
      expect(backend.pool.waitingCount).toBe(0);
    });
  });

  describe('a failover to a server that only reads', () => {
    it('leaves the sessions readable, answers changes with 503, and goes on when it writes again', async () => {
      const client = await open();
      await change('default_transaction_read_only', 'on');
      expect((await client.get('/run/read')).body).toEqual({ start: true });
      for (const change of ['set', 'increment', 'login', 'logout', 'rotate', 'regenerate']) {
        expectUnavailable(await client.post(`/run/${change}`, { userId: 'ann' }));
        expect(lastFailure()).toMatchObject({ cause: { code: '25006' } });
      }
      expectUnavailable(await site.client().post('/run/set', { fresh: true }));
      expect((await client.get('/run/read')).body).toEqual({ start: true });
      await stranger.run('SET default_transaction_read_only = off');
      await change('default_transaction_read_only', undefined);
      expect((await client.post('/run/set', { again: true })).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ start: true, again: true });
    });
  });

  describe('a transaction that has to give way', () => {
    /** The SQLSTATE of every statement that failed. */
    function watchCodes(): () => Promise<unknown[]> {
      const { mock } = jest.spyOn(backend.pool, 'query');
      return async () => {
        const settled = await Promise.allSettled(mock.results.map(({ value }) => value as Promise<unknown>));
        return settled.flatMap((one) =>
          one.status === 'rejected' ? [(one.reason as { code: unknown }).code] : [],
        );
      };
    }

    it.each(['repeatable read', 'serializable'])(
      'under %s is tried again, and no increment is lost',
      async (level) => {
        const client = await open();
        await change('default_transaction_isolation', level);
        const codes = watchCodes();
        await stranger.run('BEGIN; LOCK TABLE nest_session IN EXCLUSIVE MODE'); // reads go on
        const answer = client.post('/run/increment');
        await stranger.untilWaiting();
        await stranger.run(
          `UPDATE nest_session SET version = version + 1, data = '{"start":true,"count":41}'`,
        );
        await stranger.run('COMMIT');
        expect((await answer).body).toEqual({ count: 42 });
        expect(await codes()).toEqual(['40001']);
      },
    );

    it('in a deadlock is tried again', async () => {
      await open();
      await change('deadlock_timeout', '20ms');
      await stranger.run(`INSERT INTO nest_session (handle, token, epoch, version, user_id, data, created_at, last_seen_at, expires_at)
      SELECT n, n, 1, 1, 'ann', '{}', 0, 0, 1e15 FROM unnest(ARRAY['first', 'second', 'third']) AS n`);
      const [one, two] = [await Stranger.at(database.url), await Stranger.at(database.url)];
      await stranger.run("SET deadlock_timeout = '1min'");
      const codes = watchCodes();

      await one.run("BEGIN; UPDATE nest_session SET version = 2 WHERE handle = 'first'");
      await two.run("BEGIN; UPDATE nest_session SET version = 2 WHERE handle = 'second'");
      await stranger.run("BEGIN; UPDATE nest_session SET version = 2 WHERE handle = 'third'");
      const revoked = site.sessions.revokeAll('ann');
      await one.untilBlocking();
      await one.run('COMMIT');
      await two.untilBlocking(); // it has the first, and waits for the second
      const crossed = stranger.run("UPDATE nest_session SET version = 3 WHERE handle = 'first'"); // has the third
      await two.untilWaiting(2);
      await two.run('COMMIT'); // and now it wants the third
      await crossed;
      await stranger.run('COMMIT');
      expect(await revoked).toBe(3);
      expect(await codes()).toEqual(['40P01']);
      await Promise.all([one.close(), two.close()]);
    });
  });

  describe('a row that somebody else has locked', () => {
    it('holds up the requests of its own session alone, until it is let go', async () => {
      const [held, free] = [await open(), await visitor()];
      await stranger.run(
        `BEGIN; SELECT 1 FROM nest_session WHERE handle = '${await handleOf(held)}' FOR UPDATE`,
      );
      let isAnswered = false;
      const answer = held.post('/run/set', { color: 'green' }).finally(() => (isAnswered = true));
      expect((await held.get('/run/read')).body).toEqual({ start: true });
      for (let count = 1; count <= 10; count++)
        expect((await free.post('/run/increment')).body).toEqual({ count });
      expect(isAnswered).toBe(false);
      await stranger.run('COMMIT');
      expect((await answer).status).toBe(200);
      expect((await held.get('/run/read')).body).toEqual({ start: true, color: 'green' });
    });

    it('and is not let go in time is a 503; the change that comes late overwrites none that was acknowledged', async () => {
      const client = await open();
      const late = await impatient(client, 500);
      const written = jest.spyOn(backend.store, 'update');
      await stranger.run('BEGIN; SELECT 1 FROM nest_session FOR UPDATE');
      expectUnavailable(await late.post('/run/set', { color: 'late', late: true }));
      await stranger.run('COMMIT');
      expect((await client.post('/run/set', { color: 'now' })).status).toBe(200);
      await Promise.allSettled(written.mock.results.map(({ value }) => value as Promise<unknown>));
      expect((await client.get('/run/read')).body).toMatchObject({ start: true, color: 'now' });
    });

    it('and is not let go in time by a logout is a 503, and the session is as it was', async () => {
      const client = await open();
      const late = await impatient(client, 500);
      await stranger.run('BEGIN; SELECT 1 FROM nest_session FOR UPDATE');
      expectUnavailable(await late.post('/run/logout'));
      expect((await client.get('/run/read')).body).toEqual({ start: true });
      await stranger.run('ROLLBACK');
    });
  });

  async function handleOf(client: Client): Promise<string> {
    return ((await client.get('/run/facts')).body as { handle: string }).handle;
  }
});
