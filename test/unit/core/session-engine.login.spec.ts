import { describe, expect, it } from '@jest/globals';
import { handleOf } from '../../../lib/core/session-id.js';
import { defer } from './support/deferred.js';
import { turns } from './support/fake-clock.js';
import { DAY, HOUR, MINUTE, World } from './support/world.js';

describe('login()', () => {
  it('gives a new id, the old one is dead at once, the data stays (CVE-2022-25896, ASVS 7.2.4)', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    world.now += MINUTE;
    const { token, commit } = await world.request(old, async (session) => {
      const before = session.id;
      await session.login('ada');
      expect(session.id).not.toBe(before);
      expect(session.handle).toBe(handleOf(session.id));
      expect(session.authenticatedAt).toEqual(new Date(world.now));
      expect(await world.peek(old)).toBeUndefined();
    });
    expect(commit.cookie).toBe('set');
    expect(token).not.toBe(old);
    expect(await world.peek(token)).toEqual({ cart: [1], userId: 'ada' });
    expect(await world.peek(old)).toBeUndefined();
    expect(world.store.row).toMatchObject({ userId: 'ada', authenticatedAt: world.now, previousKey: null });
    expect(world.events).toContainEqual({
      type: 'rotated',
      at: new Date(world.now),
      handle: handleOf(token!.slice(3)),
      previousHandle: handleOf(old.slice(3)),
      userId: 'ada',
    });
  });

  it('is stored when it resolves, before the response', async () => {
    const world = new World();
    const { session } = await world.visit(undefined);
    await session.login(42);
    expect(world.store.row).toMatchObject({ userId: '42', data: '{"userId":42}' });
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
  it.each(['before', 'after'] as const)('(%s its work) leaves the session object as it was', async (when) => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const visit = await world.visit(token);
    visit.session.mine = 1;
    const { id } = visit.session;
    world.store[when] = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.login('ada', { keep: [] })).rejects.toMatchObject({ statusCode: 503 });
    expect({ ...visit.session }).toEqual({ cart: [1], mine: 1 });
    expect([visit.session.id, visit.session.authenticatedAt]).toEqual([id, undefined]);
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

  it('when it counts the user’s sessions never answers a failed login with a cookie that is signed in', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const token = await world.begin({ cart: [1] });
    world.store.before = (call) => (call === 'findByUser' ? Promise.reject(new Error('down')) : undefined);
    const visit = await world.visit(token);
    const failed = await visit.session.login('ada').then(
      () => false,
      () => true,
    );
    const after = { token: (await visit.commit()) as { token?: string } };
    const found = await world.peek(after.token.token ?? token);
    // Either the login holds, or it failed and the session is as it was.
    expect(found).toEqual(failed ? { cart: [1] } : { cart: [1], userId: 'ada' });
  });
});

describe('requests that were under way with the id from before a login', () => {
  it.each([
    ['in the same process', (world: World) => world],
    ['in another process', (world: World) => new World({ store: world.store })],
  ])('%s neither see nor change the session that was signed in', async (_, other) => {
    const world = new World();
    const fixated = await world.begin({ theme: 'dark' });
    const victim = await world.visit(fixated);
    const attacker = await other(world).visit(fixated);
    attacker.session.note = 'planted';
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    victim.session.email = 'ada@example.test';
    const login = victim.session.login('ada');
    await turns();
    const late = attacker.commit();
    await turns();
    written.resolve();
    await Promise.all([login, late]);
    expect({ ...attacker.session }).not.toHaveProperty('email');
    expect({ ...attacker.session }).not.toHaveProperty('userId');
    expect(world.data).toEqual({ theme: 'dark', email: 'ada@example.test', userId: 'ada' });
  });

  it('cannot read it with reload() or update()', async () => {
    const world = new World();
    const fixated = await world.begin();
    const [attacker1, attacker2] = [await world.visit(fixated), await world.visit(fixated)];
    await world.request(fixated, (session) => session.login('ada'));
    await expect(attacker1.session.reload()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    const changing = attacker2.session.update((session) => (session.note = 'planted'));
    await expect(changing).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(world.data).toEqual({ cart: [1], userId: 'ada' });
  });

  it('cannot read it with an update() that stands in line behind the login', async () => {
    const world = new World();
    const fixated = await world.begin();
    const [victim, attacker] = [await world.visit(fixated), await world.visit(fixated)];
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    const login = victim.session.login('ada');
    await turns();
    const read = attacker.session.update((session) => ({ ...session })).catch((error: unknown) => error);
    await turns();
    written.resolve();
    await login;
    expect(await read).toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('that sign another user in get a session of their own, not that of the first', async () => {
    const world = new World();
    const shared = await world.begin({ theme: 'dark' });
    const [ada, bob] = [await world.visit(shared), await world.visit(shared)];
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    ada.session.email = 'ada@example.test';
    const first = ada.session.login('ada');
    await turns();
    const second = bob.session.login('bob');
    await turns();
    written.resolve();
    await Promise.all([first, second]);
    expect({ ...bob.session }).not.toHaveProperty('email');
    const commit = await ada.commit();
    expect(await world.peek((commit as { token?: string }).token)).toMatchObject({ userId: 'ada' });
  });
});

describe('a cap on the sessions of a user (ASVS 7.1.2)', () => {
  it('ends the oldest beyond it, at login and where the data says whose session it is', async () => {
    const world = new World({ maxSessionsPerUser: 2 });
    const tokens: (string | undefined)[] = [];
    for (let index = 0; index < 4; index++) {
      world.now += MINUTE;
      const { token } = await world.request(undefined, (session) =>
        index === 3 ? void (session.userId = 'ada') : session.login('ada'),
      );
      tokens.push(token);
    }
    const alive = await Promise.all(tokens.map(async (token) => (await world.peek(token)) !== undefined));
    expect(alive).toEqual([false, false, true, true]);
    expect(world.events.filter(({ type }) => type === 'destroyed')).toMatchObject([
      { reason: expect.any(String), userId: 'ada' },
      { reason: expect.any(String), userId: 'ada' },
    ]);
  });

  it('never ends the session that was just signed in, whatever the clocks say', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    await world.request(undefined, (session) => session.login('ada'));
    world.now -= DAY;
    const { token } = await world.request(undefined, (session) => session.login('ada'));
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
    expect(world.store.rows.size).toBe(1);
  });

  it('leaves other users alone', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    await world.request(undefined, (session) => session.login('ada'));
    await world.request(undefined, (session) => session.login('bob'));
    expect(world.store.rows.size).toBe(2);
  });
});
