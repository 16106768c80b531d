import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { arrivals } from '../../support/arrivals.js';
import { type Backend, BACKENDS, deferred, type AnySite, STAGES } from '../../support/site.js';

/** DESIGN 5.5, 5.6, 5.7: requests at the same time, on one instance and on two. */
describe.each(STAGES)('requests at the same time ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let other: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    site = await openSite(backend);
    other = await openSite(backend);
  });
  afterEach(async () => {
    await site.close();
    await other.close();
  });

  async function visitor(data: Record<string, unknown> = { start: true }) {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  /** A request that has read its session and waits to be let go. */
  function slow(
    at: AnySite,
    client: { cookieHeader: string },
    change: (session: Record<string, unknown>) => unknown,
  ) {
    const reached = deferred();
    const go = deferred();
    at.handle('slow', async ({ session }) => {
      void session.start;
      reached.resolve();
      await go.promise;
      return change(session);
    });
    const visitor = at.client();
    visitor.headers.cookie = client.cookieHeader;
    const answer = visitor.get('/run/slow');
    return { reached: reached.promise, go: go.resolve, answer, visitor };
  }

  it.each(['the same instance', 'two instances'])(
    'that change different keys both win, on %s',
    async (where) => {
      const client = await visitor();
      const late = slow(
        where === 'two instances' ? other : site,
        client,
        (session) => void (session.late = 1),
      );
      await late.reached;
      await client.post('/run/set', { early: 1 });
      late.go();
      expect((await late.answer).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ start: true, early: 1, late: 1 });
    },
  );

  it('that change the same key: the last one to finish wins, and removals are changes too', async () => {
    const client = await visitor({ start: true, color: 'green', size: 1 });
    const late = slow(other, client, (session) => {
      session.color = 'red';
      delete session.size;
    });
    await late.reached;
    await client.post('/run/set', { color: 'blue', other: 1 });
    late.go();
    await late.answer;
    expect((await client.get('/run/read')).body).toEqual({ start: true, color: 'red', other: 1 });
  });

  it('count a hundred when a hundred increment', async () => {
    const client = await visitor();
    const twin = other.client();
    twin.headers.cookie = client.cookieHeader;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 ? client : twin).post('/run/increment')),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    const counts = answers.map(({ body }) => (body as { count: number }).count).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect((await client.get('/run/read')).body).toMatchObject({ count: 100 });
  });

  it('run the function of update() again on the newest data, with this request’s own changes kept', async () => {
    const client = await visitor({ start: true, list: ['a'] });
    const seen: unknown[] = [];
    const late = slow(other, client, async (session) => {
      session.mine = true;
      await (
        session as unknown as { update(fn: (s: Record<string, unknown>) => unknown): Promise<unknown> }
      ).update((s) => {
        seen.push(structuredClone(s.list));
        (s.list as string[]).push('late');
      });
    });
    await late.reached;
    await client.post('/run/set', { list: ['a', 'b'] });
    late.go();
    await late.answer;
    expect(seen.at(-1)).toEqual(['a', 'b']);
    expect((await client.get('/run/read')).body).toEqual({
      start: true,
      list: ['a', 'b', 'late'],
      mine: true,
    });
  });

  it.each(['logout', 'destroy', 'regenerate'])(
    'a late change does not bring back a session after %s',
    async (end) => {
      const client = await visitor();
      const stolen = client.copy();
      const late = slow(other, client, (session) => void (session.late = 1));
      await late.reached;
      await client.post(`/run/${end}`);
      late.go();
      const answer = await late.answer;
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toEqual([]);
      expect((await stolen.get('/run/read')).body).toEqual({});
      expect((await stolen.get('/run/facts')).body).toMatchObject({ isNew: true });
    },
  );

  it('update() in a session that was ended meanwhile is refused with 401 and changes nothing', async () => {
    const client = await visitor();
    const stolen = client.copy();
    const late = slow(other, client, (session) =>
      (session as unknown as { update(fn: (s: Record<string, unknown>) => void): Promise<void> }).update(
        (s) => void (s.late = 1),
      ),
    );
    await late.reached;
    await client.post('/run/logout');
    late.go();
    expect((await late.answer).status).toBe(401);
    expect((await stolen.get('/run/read')).body).toEqual({});
  });

  it('a late response does not overwrite the cookie of a login that came in between', async () => {
    const client = await visitor();
    const late = slow(other, client, (session) => void (session.late = 1));
    await late.reached;
    await client.post('/run/login', { userId: 'ann' });
    late.go();
    expect((await late.answer).setCookies).toEqual([]);
    expect((await client.get('/run/read')).body).toEqual({ start: true, userId: 'ann' });
  });

  it('a change that met a rotation reaches the session', async () => {
    const client = await visitor();
    const late = slow(other, client, (session) => void (session.late = 1));
    await late.reached;
    await client.post('/run/rotate');
    late.go();
    expect((await late.answer).setCookies).toEqual([]);
    expect((await client.get('/run/read')).body).toEqual({ start: true, late: 1 });
  });

  it('a logout that met a rotation ends the session under both ids', async () => {
    const client = await visitor();
    const late = slow(other, client, (session) =>
      (session as unknown as { logout(): Promise<void> }).logout(),
    );
    await late.reached;
    await client.post('/run/rotate');
    late.go();
    await late.answer;
    expect((await client.get('/run/read')).body).toEqual({});
  });

  it('of many visitors share round trips to the store', async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, () => visitor()));
    site.spy.reset();
    const block = deferred();
    site.spy.gate = block.promise;
    const asked = arrivals(site.app, clients.length);
    const reads = clients.map((client) => client.post('/run/set', { color: 'green' }));
    // Two calls are let out; everybody else gathers behind them.
    await asked;
    expect(site.spy.count('read')).toBe(2);
    site.spy.gate = undefined;
    block.resolve();
    await Promise.all(reads);
    expect(site.spy.calls.read.flat()).toHaveLength(40);
    expect(site.spy.calls.update.flat()).toHaveLength(40);
    expect(site.spy.count('read')).toBeLessThan(10);
    expect(site.spy.count('update')).toBeLessThan(25);
  });

  it('a read costs one call of the store, a change two, and nothing when the client has no session', async () => {
    const client = await visitor();
    site.spy.reset();
    await client.get('/run/read');
    expect(site.spy.calls).toMatchObject({
      read: [[expect.any(String)]],
      create: [],
      update: [],
      delete: [],
    });
    site.spy.reset();
    await client.post('/run/set', { color: 'green' });
    expect([site.spy.count('read'), site.spy.count('update'), site.spy.count()]).toEqual([1, 1, 2]);
    site.spy.reset();
    await client.post('/run/set', { color: 'green' });
    expect(site.spy.count()).toBe(1);
    site.spy.reset();
    await site.client().get('/run/read');
    expect(site.spy.count()).toBe(0);
  });
});
