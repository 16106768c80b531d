import { describe, expect, it } from '@jest/globals';
import { keyIn, World } from '../support/world.js';

describe.each(['logout', 'destroy'] as const)('%s()', (method) => {
  it('ends the session in the store when it resolves, and clears the cookie', async () => {
    const world = new World();
    const token = await world.begin({ userId: 'ada' });
    const { commit } = await world.request(token, async (session) => {
      await session[method]();
      expect(world.store.rows.size).toBe(0);
    });
    expect(commit).toEqual({ cookie: 'clear' });
    expect(await world.peek(token)).toBeUndefined();
    expect(world.events.filter(({ type }) => type === 'destroyed')).toEqual([
      {
        type: 'destroyed',
        at: new Date(world.now),
        handle: keyIn(token),
        userId: 'ada',
        reason: 'logout',
      },
    ]);
  });

  it('of a session that is not stored asks the store nothing', async () => {
    const world = new World();
    await world.request(undefined, async (session) => {
      session.a = 1;
      await session[method]();
    });
    expect(world.store.calls).toEqual([]);
    expect(world.events).toEqual([]);
  });

  it('twice ends it once', async () => {
    const world = new World();
    const token = await world.begin();
    const { session } = await world.visit(token);
    await session[method]();
    await session[method]();
    expect(world.store.asked('delete')).toBe(1);
    expect(world.happened.filter((type) => type === 'destroyed')).toHaveLength(1);
  });

  it('by two requests at once is one end, and told once', async () => {
    const world = new World();
    const token = await world.begin();
    const [one, two] = [await world.visit(token), await world.visit(token)];
    await Promise.all([one.session[method](), two.session[method]()]);
    expect(world.store.rows.size).toBe(0);
    expect(world.happened.filter((type) => type === 'destroyed')).toHaveLength(1);
  });

  it('that meets a failing store fails, and the session goes on', async () => {
    const world = new World();
    const token = await world.begin();
    const visit = await world.visit(token);
    world.store.before = (call) => (call === 'delete' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session[method]()).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect(visit.gone).toBe(false);
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it('is not undone by changes that follow in the same request', async () => {
    const world = new World();
    const token = await world.begin();
    const { commit } = await world.request(token, async (session) => {
      await session[method]();
      session.cart = ['back'];
      session.flash('notice', 1);
      session.touch();
    });
    expect(commit).toEqual({ cookie: 'clear' });
    expect(world.store.rows.size).toBe(0);
  });
});

describe('destroy()', () => {
  it('leaves the request without a session, logout() with the one that ended', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    await visit.session.logout();
    expect(visit.gone).toBe(false);
    await visit.session.destroy();
    expect(visit.gone).toBe(true);
  });
});

describe('regenerate()', () => {
  it('ends the session and gives the request a new, empty one; the old object stays readable', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const visit = await world.visit(old);
    const before = visit.session;
    await before.regenerate();
    const after = visit.session;
    expect(after).not.toBe(before);
    expect([{ ...before }, { ...after }]).toEqual([{ cart: [1] }, {}]);
    expect([after.isNew, after.id === before.id]).toEqual([true, false]);
    after.fresh = 1;
    const commit = await visit.commit();
    expect(commit).toEqual({ cookie: 'set', token: `ok:${after.id}` });
    expect(world.data).toEqual({ fresh: 1 });
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'destroyed', reason: 'replaced' }));
  });

  it('clears the cookie where the new session holds nothing', async () => {
    const world = new World();
    const token = await world.begin();
    const { commit } = await world.request(token, (session) => session.regenerate());
    expect(commit).toEqual({ cookie: 'clear' });
    expect(world.store.rows.size).toBe(0);
  });

  it('can be repeated, and be followed by login()', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    await visit.session.regenerate();
    await visit.session.regenerate();
    await visit.session.login('ada');
    const commit = await visit.commit();
    expect(await world.peek((commit as { token?: string }).token)).toEqual({ userId: 'ada' });
    expect(world.store.rows.size).toBe(1);
  });

  it('that meets a failing store fails, and the request keeps its session', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    const before = visit.session;
    world.store.before = () => Promise.reject(new Error('down'));
    await expect(before.regenerate()).rejects.toMatchObject({ statusCode: 503 });
    expect(visit.session).toBe(before);
  });
});

describe('events', () => {
  it('hold no id, no secret and no data', async () => {
    const world = new World();
    const ids: string[] = [];
    const note = (token: string | undefined): void => void (token && ids.push(token.slice(3)));
    const { token } = await world.request(undefined, (session) => (session.secret = 'hunter2'));
    note(token);
    const renewed = await world.request(token, (session) => session.login('ada'));
    note(renewed.token);
    const rotated = await world.request(renewed.token, (session) => session.rotate());
    note(rotated.token);
    await world.request(token);
    await world.request(rotated.token, (session) => session.logout());
    await world.request('ok:guessed');
    await world.request('forged:guessed');
    world.store.before = () => Promise.reject(new Error('down'));
    await world.visit('ok:guessed').catch(() => undefined);
    const told = JSON.stringify([world.events, world.failures]);
    expect(new Set(world.happened)).toEqual(
      new Set(['created', 'loaded', 'rotated', 'rejected', 'destroyed']),
    );
    for (const word of [...ids, 'guessed', 'hunter2']) expect(told).not.toContain(word);
  });
});

describe('destroy() that fails', () => {
  it('does not put a session back on the request that had ended elsewhere', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    world.store.rows.clear();
    await expect(visit.session.update((own) => (own.a = 1))).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    world.store.before = (call) => (call === 'delete' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.destroy()).rejects.toMatchObject({ statusCode: 503 });
    expect(visit.gone).toBe(true);
  });
});
