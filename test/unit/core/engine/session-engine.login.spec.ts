import { describe, expect, it } from '@jest/globals';
import { cookieLifeOf } from '../../../../lib/core/request/session-life.js';
import { DAY, HOUR, keyIn, MINUTE, tokenAfter, World } from '../support/world.js';

describe('login()', () => {
  it('gives a new id, the old one is dead at once, the data stays (CVE-2022-25896, ASVS 7.2.4)', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    world.now += MINUTE;
    const { token, commit } = await world.request(old, async (session) => {
      const { id, handle } = session;
      await session.login('ada');
      expect(session.id).not.toBe(id);
      expect(session.handle).toBe(handle);
      expect(session.authenticatedAt).toEqual(new Date(world.now));
      expect(await world.peek(old)).toBeUndefined();
    });
    expect(commit.cookie).toBe('set');
    expect(token).not.toBe(old);
    expect(await world.peek(token)).toEqual({ cart: [1], userId: 'ada' });
    expect(await world.peek(old)).toBeUndefined();
    expect(world.store.row).toMatchObject({
      userId: 'ada',
      authenticatedAt: world.now,
      epoch: 2,
      previousToken: null,
    });
    expect(world.events).toContainEqual({
      type: 'rotated',
      reason: 'login',
      at: new Date(world.now),
      handle: keyIn(old),
      userId: 'ada',
    });
  });

  it('is stored when it resolves, before the response', async () => {
    const world = new World();
    const { session } = await world.visit(undefined);
    await session.login(42);
    expect(world.store.row).toMatchObject({ userId: '42', data: '{"userId":42}' });
  });

  it('gives a new id also to a session that is not stored, whose id somebody has seen', async () => {
    const world = new World();
    const { session } = await world.visit(undefined);
    const { id } = session;
    await session.login('ada');
    expect(session.id).not.toBe(id);
    expect(await world.peek(`ok:${id}`)).toBeUndefined();
    expect(await world.peek(`ok:${session.id}`)).toEqual({ userId: 'ada' });
  });

  it('keeps only the keys that it is told to', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1], csrf: 'x', __proto__x: 1 });
    const { token } = await world.request(old, async (session) => {
      session.added = 'now';
      session.kept = 'now';
      await session.login('ada', { keep: ['cart', 'kept', 'absent'] });
    });
    expect(await world.peek(token)).toEqual({ cart: [1], kept: 'now', userId: 'ada' });
  });

  it('keeps nothing where it is told so', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const { token } = await world.request(old, (session) => session.login('ada', { keep: [] }));
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
  });

  it('starts the absolute timeout anew, as a new authentication', async () => {
    const world = new World({ lifetimes: { absoluteTimeout: DAY, idleTimeout: 30 * DAY } });
    const old = await world.begin();
    world.now += 20 * HOUR;
    const { token } = await world.request(old, (session) => session.login('ada'));
    world.now += 20 * HOUR;
    expect(await world.peek(token)).toBeDefined();
    world.now += 4 * HOUR;
    expect(await world.peek(token)).toBeUndefined();
  });

  it.each([undefined, null, '', NaN, Infinity, {}, [], true, 1n, 'x'.repeat(256), 'a\0b'])(
    'refuses %p, changes nothing, and shows nothing of it',
    async (userId) => {
      const world = new World();
      const token = await world.begin();
      const { session } = await world.visit(token);
      await expect(session.login(userId as never)).rejects.toMatchObject({
        code: 'SESSION_DATA_INVALID',
        message: expect.stringMatching(/^session\.login\(userId\): .{1,60} was given; /),
      });
      expect({ ...session }).toEqual({ cart: [1] });
      expect(world.store.asked('update', 'create')).toBe(0);
    },
  );

  it('is refused when the response has left: no cookie could be sent', async () => {
    const world = new World();
    const token = await world.begin();
    const { session } = await world.visit(token, { headersSent: true });
    for (const work of [() => session.login('ada'), () => session.rotate(), () => session.regenerate()]) {
      await expect(work()).rejects.toMatchObject({ code: 'SESSION_USAGE' });
    }
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it('over a connection that cannot carry the cookie ends the old session and stores no new one', async () => {
    const world = new World();
    const old = await world.begin();
    const { commit } = await world.request(old, (session) => session.login('ada'), { secure: false });
    expect(commit.cookie).not.toBe('set');
    expect(world.store.rows.size).toBe(0);
  });

  it('signs another user in, under another id', async () => {
    const world = new World();
    const first = (await world.request(undefined, (session) => session.login('ada'))).token;
    const second = (await world.request(first, (session) => session.login('bob', { keep: [] }))).token;
    expect(await world.peek(first)).toBeUndefined();
    expect(await world.peek(second)).toEqual({ userId: 'bob' });
    expect(world.store.row.userId).toBe('bob');
  });

  it('after logout() in the same request begins a session of its own', async () => {
    const world = new World();
    const old = await world.begin({ secret: 1 });
    const { token, commit } = await world.request(old, async (session) => {
      await session.logout();
      await session.login('ada');
    });
    expect(commit.cookie).toBe('set');
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
    expect(world.store.rows.size).toBe(1);
  });

  it('in a session that was ended elsewhere begins one of its own, and brings nothing back', async () => {
    const world = new World();
    const old = await world.begin({ secret: 1 });
    const visit = await world.visit(old);
    visit.session.mine = 2;
    await new World({ store: world.store }).request(old, (session) => session.logout());
    await visit.session.login('ada');
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({ mine: 2, userId: 'ada' });
  });

  it('holds for as long as the application leaves userId alone', async () => {
    const world = new World({ userIdOf: () => 'somebody else' });
    const { token } = await world.request(undefined, (session) => session.login(7));
    await world.request(token, (session) => (session.a = 1));
    expect(world.store.row).toMatchObject({ userId: '7', authenticatedAt: world.now });
    await world.request(token, (session) => (session.userId = 8));
    expect(world.store.row).toMatchObject({ userId: 'somebody else', authenticatedAt: null });
  });
});

describe('login() with keep', () => {
  /** A session as somebody could plant it: with a flash value, and a cookie that lives for 20 days. */
  async function planted(world: World): Promise<string> {
    const token = await world.begin({ cart: [1], theme: 'dark' });
    await world.request(token, (session) => {
      session.flash('notice', 'planted');
      session.cookie.maxAge = 20 * DAY;
      session.cookie.sameSite = 'none';
    });
    return token;
  }

  it('drops flash values and the session’s own cookie settings, and with them its long life', async () => {
    const world = new World();
    const old = await planted(world);
    const { token, visit } = await world.request(old, (session) => session.login('ada', { keep: ['cart'] }));
    expect(world.store.row).toMatchObject({
      expiresAt: world.now + DAY,
      data: '{"cart":[1],"userId":"ada"}',
    });
    expect(world.store.row.meta ?? '').not.toMatch(/flash|cookie/);
    expect(cookieLifeOf(visit.state)).toBeUndefined();
    const { session } = await world.visit(token);
    expect(session.flash('notice')).toEqual([]);
    expect(session.cookie).toMatchObject({ originalMaxAge: null, sameSite: 'lax' });
  });

  it('drops those of this request, too, and those that somebody else adds meanwhile', async () => {
    const world = new World();
    const old = await planted(world);
    const visit = await world.visit(old);
    visit.session.flash('notice', 'mine');
    visit.session.cookie.maxAge = 10 * DAY;
    await world.another().request(old, (session) => session.flash('notice', 'late'));
    await visit.session.login('ada', { keep: [] });
    const { session } = await world.visit(((await visit.commit()) as { token: string }).token);
    expect([session.flash('notice'), session.cookie.originalMaxAge]).toEqual([[], null]);
  });

  it('drops cookie settings that only this request has made', async () => {
    const world = new World();
    for (const token of [undefined, await world.begin()]) {
      const { visit } = await world.request(token, async (session) => {
        session.cookie.maxAge = 10 * DAY;
        await session.login('ada', { keep: [] });
      });
      expect([
        visit.session.cookie.originalMaxAge,
        visit.state.base!.meta?.includes('cookie') ?? false,
      ]).toEqual([null, false]);
    }
  });

  it('leaves what comes after it: “remember me” and a greeting', async () => {
    const world = new World();
    const { token } = await world.request(await planted(world), async (session) => {
      await session.login('ada', { keep: [] });
      session.cookie.maxAge = 7 * DAY;
      session.flash('notice', 'welcome');
    });
    const { session } = await world.visit(token);
    expect([session.flash('notice'), session.cookie.originalMaxAge]).toEqual([['welcome'], 7 * DAY]);
  });

  it('puts them back where it fails', async () => {
    const world = new World();
    const token = await planted(world);
    const visit = await world.visit(token);
    visit.session.flash('notice', 'mine');
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.login('ada', { keep: [] })).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect({ ...visit.session }).toEqual({ cart: [1], theme: 'dark' });
    expect(visit.session.cookie).toMatchObject({ originalMaxAge: 20 * DAY, sameSite: 'none' });
    await visit.commit();
    const { session } = await world.visit(token);
    expect(session.flash('notice')).toEqual(['planted', 'mine']);
    expect(session.cookie.originalMaxAge).toBe(20 * DAY);
  });

  it('without it keeps all of them', async () => {
    const world = new World();
    const { token } = await world.request(await planted(world), (session) => session.login('ada'));
    const { session } = await world.visit(token);
    expect([session.flash('notice'), session.cookie.originalMaxAge]).toEqual([['planted'], 20 * DAY]);
  });
});

describe('a login() that fails for what the session holds', () => {
  it.each(['a stored session', 'a new session'])('signs nobody in later on: %s', async (which) => {
    const world = new World();
    const token = which === 'a stored session' ? await world.begin() : undefined;
    const visit = await world.visit(token);
    visit.session.bad = 1n;
    await expect(visit.session.login('ada')).rejects.toMatchObject({ code: 'SESSION_DATA_INVALID' });
    expect(visit.session.authenticatedAt).toBeUndefined();
    delete visit.session.bad;
    visit.session.fine = 1;
    await visit.commit();
    expect(world.store.row).toMatchObject({ userId: null, authenticatedAt: null });
    expect(visit.session).not.toHaveProperty('userId');
  });
});

describe('a store that fails in the middle of login()', () => {
  it.each([
    ['before its work', false],
    ['after its work, and then is not there any more', true],
  ])('(%s) leaves the session object as it was', async (_, isDone) => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const visit = await world.visit(token);
    visit.session.mine = 1;
    const { id } = visit.session;
    world.store[isDone ? 'after' : 'before'] = () => Promise.reject(new Error('down'));
    await expect(visit.session.login('ada', { keep: [] })).rejects.toMatchObject({ statusCode: 503 });
    expect({ ...visit.session }).toEqual({ cart: [1], mine: 1 });
    expect([visit.session.id, visit.session.authenticatedAt]).toEqual([id, undefined]);
  });

  it('signs the user in where the store has done its work before it failed', async () => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const visit = await world.visit(token);
    world.store.after = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await visit.session.login('ada');
    const commit = await visit.commit();
    expect(commit).toEqual({ cookie: 'set', token: `ok:${visit.session.id}` });
    expect(await world.peek(tokenAfter(token, commit))).toEqual({ cart: [1], userId: 'ada' });
    expect(await world.peek(token)).toBeUndefined();
  });

  it('leaves the stored session as it was, and the request can go on with it', async () => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const visit = await world.visit(token);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    visit.session.attempts = 1;
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ cart: [1], attempts: 1 });
    expect(world.store.row).toMatchObject({ userId: null, authenticatedAt: null });
  });

  it('leaves a visitor without a session without one', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    world.store.before = () => Promise.reject(new Error('down'));
    await expect(visit.session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect({ ...visit.session }).toEqual({});
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(world.store.rows.size).toBe(0);
  });
});
