import { describe, expect, it } from '@jest/globals';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';
import { FakeStore } from '../support/fake-store.js';
import { MINUTE, World } from '../support/world.js';

/** Two processes with one store: writers that cannot see each other. */
async function twoProcesses(data: object): Promise<{ one: World; two: World; token: string }> {
  const store = new FakeStore();
  const [one, two] = [new World({ store }), new World({ store })];
  const token = await one.begin(data);
  return { one, two, token };
}

describe('update()', () => {
  it('runs again on what the store holds now, and only the last run counts', async () => {
    const { one, two, token } = await twoProcesses({ n: 1, log: [] });
    const visit = await one.visit(token);
    let runs = 0;
    const result = await visit.session.update(async (session) => {
      if (++runs === 1) await two.request(token, (own) => Object.assign(own, { n: 10, other: true }));
      (session.log as number[]).push(runs);
      session.flash('run', runs);
      return (session.n = (session.n as number) + 1);
    });
    expect([result, runs]).toEqual([11, 2]);
    expect(one.data).toEqual({ n: 11, log: [2], other: true });
    expect((await one.visit(token)).session.flash('run')).toEqual([2]);
  });

  it('stores what the request changed before, with it', async () => {
    const { one, two, token } = await twoProcesses({ n: 1 });
    const visit = await one.visit(token);
    visit.session.mine = 'before';
    await two.request(token, (own) => (own.n = 10));
    await visit.session.update((session) => (session.n = (session.n as number) + 1));
    expect(one.data).toEqual({ n: 11, mine: 'before' });
  });

  it('that stands in line keeps what the application changes meanwhile', async () => {
    for (const call of ['update', 'login'] as const) {
      const world = new World();
      const token = await world.begin({ n: 0 });
      const [first, second] = [await world.visit(token), await world.visit(token)];
      const written = defer();
      world.store.before = (kind) => (kind === 'update' ? written.promise : undefined);
      first.session.theirs = 1;
      const committed = first.commit();
      await turns();
      const { session } = second;
      const calling =
        call === 'login' ? session.login('ada') : session.update((own) => (own.n = (own.n as number) + 1));
      await turns();
      session.mine = 1;
      session.flash('notice', 'mine');
      session.cookie.sameSite = 'strict';
      written.resolve();
      await Promise.all([committed, calling]);
      const { token: after = token } = (await second.commit()) as { token?: string };
      const found = (await world.visit(after)).session;
      expect({ ...found }).toEqual({
        theirs: 1,
        mine: 1,
        ...(call === 'login' ? { n: 0, userId: 'ada' } : { n: 1 }),
      });
      expect([found.flash('notice'), found.cookie.sameSite]).toEqual([['mine'], 'strict']);
    }
  });

  it('that fails leaves the session as it was before it', async () => {
    const world = new World();
    const token = await world.begin({ n: 1 });
    const visit = await world.visit(token);
    visit.session.mine = 'before';
    visit.session.flash('notice', 'before');
    const failing = visit.session.update((session) => {
      session.n = 99;
      session.flash('notice', 'lost');
      session.flash('notice');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect({ ...visit.session }).toEqual({ n: 1, mine: 'before' });
    await visit.commit();
    expect(world.data).toEqual({ n: 1, mine: 'before' });
    expect((await world.visit(token)).session.flash('notice')).toEqual(['before']);
  });

  it('that fails leaves cookie settings as they were, looked at before it or not', async () => {
    for (const looksBefore of [false, true]) {
      const world = new World();
      const token = await world.begin({ n: 1 });
      const visit = await world.visit(token);
      if (looksBefore) expect(visit.session.cookie.sameSite).toBe('lax');
      const failing = visit.session.update((session) => {
        session.cookie.sameSite = 'none';
        session.cookie.maxAge = 20 * MINUTE;
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(visit.session.cookie).toMatchObject({ sameSite: 'lax', originalMaxAge: null });
      expect(await visit.commit()).toEqual({ cookie: 'none' });
      expect(world.store.row.meta).toBeNull();
    }
  });

  it.each([
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['NaN', NaN],
  ])('that puts %s into the session fails, names the key, and leaves it as it was', async (_, bad) => {
    const world = new World();
    const token = await world.begin({ n: 1 });
    const visit = await world.visit(token);
    const failing = visit.session.update((session) => (session.bad = bad));
    await expect(failing).rejects.toMatchObject({
      code: 'SESSION_DATA_INVALID',
      message: expect.stringContaining('"bad"'),
    });
    expect({ ...visit.session }).toEqual({ n: 1 });
    await expect(visit.commit()).resolves.toEqual({ cookie: 'none' });
  });

  it('that meets a failing store leaves the session as it was before it', async () => {
    const world = new World();
    const token = await world.begin({ n: 1 });
    const visit = await world.visit(token);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.update((session) => (session.n = 2))).rejects.toMatchObject({
      statusCode: 503,
    });
    expect({ ...visit.session }).toEqual({ n: 1 });
  });

  it('of a session that was ended elsewhere fails with 401 and stores nothing', async () => {
    const { one, two, token } = await twoProcesses({ n: 1 });
    const visit = await one.visit(token);
    await two.request(token, (session) => session.logout());
    await expect(visit.session.update((session) => (session.n = 2))).rejects.toMatchObject({
      code: 'SESSION_ENDED',
      statusCode: 401,
    });
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(one.store.rows.size).toBe(0);
  });

  it('works on a session that is not stored yet', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    expect(await visit.session.update((session) => (session.n = 1))).toBe(1);
    expect(world.data).toEqual({ n: 1 });
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.store.calls.map(({ call }) => call)).toEqual(['create']);
  });

  it('writes nothing where it changed nothing', async () => {
    const world = new World();
    const token = await world.begin({ n: 1 });
    await world.request(token, async (session) => expect(await session.update((own) => own.n)).toBe(1));
    expect(world.store.asked('update')).toBe(0);
  });
});

describe('reload()', () => {
  it('brings what the store holds, and drops the changes of this request', async () => {
    const { one, two, token } = await twoProcesses({ a: 1, b: 1 });
    const visit = await one.visit(token);
    Object.assign(visit.session, { a: 'dropped', mine: 'dropped' });
    visit.session.flash('notice', 'dropped');
    visit.session.cookie.sameSite = 'none';
    await two.request(token, (session) => (session.b = 2));
    await visit.session.reload();
    expect({ ...visit.session }).toEqual({ a: 1, b: 2 });
    expect(visit.session.cookie.sameSite).toBe('lax');
    await visit.commit();
    expect(one.data).toEqual({ a: 1, b: 2 });
    expect((await one.visit(token)).session.flash('notice')).toEqual([]);
  });

  it('drops changes that cannot be stored, too', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    const { session } = await world.visit(token);
    session.bad = 1n;
    await session.reload();
    expect({ ...session }).toEqual({ a: 1 });
  });

  it('leaves nothing to write, in whatever order the keys are stored', async () => {
    const { one, two, token } = await twoProcesses({ a: 1, b: 1 });
    const visit = await one.visit(token);
    expect(visit.session.a).toBe(1);
    await two.request(token, (session) => {
      delete session.a;
    });
    await two.request(token, (session) => (session.a = 1));
    const { version } = one.store.row;
    await visit.session.reload();
    await visit.commit();
    expect(one.store.row.version).toBe(version);
  });

  it.each(['ended', 'expired'])('fails for a session that is %s meanwhile', async (how) => {
    const { one, two, token } = await twoProcesses({ a: 1 });
    const visit = await one.visit(token);
    if (how === 'ended') await two.request(token, (session) => session.logout());
    else one.now += 365 * 24 * 60 * MINUTE;
    await expect(visit.session.reload()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('that fails for a session that is not stored yet leaves it as it was', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    visit.session.cart = [1];
    await expect(visit.session.reload()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect({ ...visit.session }).toEqual({ cart: [1] });
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({ cart: [1] });
  });

  it('fails for a session that was never stored, and for one this request ended', async () => {
    const world = new World();
    await expect((await world.visit(undefined)).session.reload()).rejects.toMatchObject({
      code: 'SESSION_ENDED',
    });
    const { session } = await world.visit(await world.begin());
    await session.logout();
    await expect(session.reload()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('shows nothing of a row that cannot be read', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    const { session } = await world.visit(token);
    expect(session.a).toBe(1);
    world.store.vandalize({ data: 'hunter2 is the password' });
    const error = await session.reload().catch((reason: unknown) => reason as Error);
    expect(String(error)).not.toContain('hunter2');
    expect(error).toMatchObject({ code: expect.stringMatching(/^SESSION_/) });
  });
});

describe('save()', () => {
  it('stores the session now', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    visit.session.a = 1;
    await visit.session.save();
    expect(world.data).toEqual({ a: 1 });
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.store.asked('create', 'update')).toBe(1);
  });

  it('drops the change of a session that was ended elsewhere', async () => {
    const { one, two, token } = await twoProcesses({ a: 1 });
    const visit = await one.visit(token);
    visit.session.a = 2;
    await two.request(token, (session) => session.logout());
    await visit.session.save();
    await visit.commit();
    expect(one.store.rows.size).toBe(0);
  });

  it('does not bring back a session that this request ended', async () => {
    const world = new World();
    const token = await world.begin();
    const { commit } = await world.request(token, async (session) => {
      await session.logout();
      session.a = 2;
      await session.save();
    });
    expect(commit).toEqual({ cookie: 'clear' });
    expect(world.store.rows.size).toBe(0);
  });

  it('twice at once, and with the response, writes each change once', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    visit.session.a = 1;
    const saves = [visit.session.save(), visit.session.save()];
    const commit = visit.commit();
    await Promise.all([...saves, commit]);
    expect(world.store.asked('create')).toBe(1);
    expect(world.data).toEqual({ a: 1 });
  });
});
