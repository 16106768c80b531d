import { describe, expect, it } from '@jest/globals';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';
import { DAY, HOUR, SECOND, World, type WorldOptions } from '../support/world.js';

const GRACE = 30 * SECOND;
const rotating = (options: WorldOptions = {}): World =>
  new World({ lifetimes: { rotateInterval: HOUR, rotationGrace: GRACE, touchInterval: DAY }, ...options });

/** A session whose id has come of age. */
async function due(world: World, data: object = { cart: [1] }): Promise<string> {
  const token = await world.begin(data);
  world.now += HOUR;
  return token;
}

describe('rotate()', () => {
  it('gives a new id and keeps the data; the old id is dead at once', async () => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const { token, commit } = await world.request(old, async (session) => {
      session.mine = 1;
      await session.rotate();
      expect(await world.peek(old)).toBeUndefined();
    });
    expect(commit.cookie).toBe('set');
    expect(await world.peek(token)).toEqual({ cart: [1], mine: 1 });
    expect(await world.peek(old)).toBeUndefined();
    expect(world.store.row).toMatchObject({ previousToken: null, previousUntil: null });
  });

  it('of a session that is not stored changes the id it will have', async () => {
    const world = new World();
    const { session } = await world.visit(undefined);
    const { id } = session;
    await session.rotate();
    expect(session.id).not.toBe(id);
    expect(world.store.calls).toEqual([]);
  });

  it('of a session that was ended elsewhere fails', async () => {
    const world = new World();
    const token = await world.begin();
    const { session } = await world.visit(token);
    await new World({ store: world.store }).request(token, (own) => own.logout());
    await expect(session.rotate()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(world.store.rows.size).toBe(0);
  });

  it('that meets a failing store leaves the id as it was', async () => {
    const world = new World();
    const token = await world.begin();
    const visit = await world.visit(token);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.session.rotate()).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect(`ok:${visit.session.id}`).toBe(token);
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it.each([
    ['in the same process', (world: World) => world],
    ['in another process', (world: World) => new World({ store: world.store })],
  ])('takes the changes of requests under way with the old id along, %s', async (_, other) => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const [rotates, late] = [await world.visit(old), await other(world).visit(old)];
    late.session.late = true;
    await Promise.all([rotates.session.rotate(), late.commit()]);
    const commit = await rotates.commit();
    expect(await world.peek((commit as { token?: string }).token)).toEqual({ cart: [1], late: true });
  });

  it.each(['changes', 'reloads', 'saves'])(
    'never has a request that came with the old id, and %s, answer with it',
    async (what) => {
      const world = new World({ rolling: 'always' });
      const old = await world.begin();
      const [rotates, other] = [await world.visit(old), await world.visit(old)];
      await rotates.session.rotate();
      if (what === 'changes') other.session.late = true;
      else if (what === 'reloads') await other.session.reload();
      else await other.session.save();
      expect(await other.commit()).not.toEqual({ cookie: 'set', token: old });
    },
  );

  it('is not undone by the answer of a request that only reads, with a cookie that outlives the browser', async () => {
    const world = new World();
    const options = { cookie: { httpOnly: true, path: '/', maxAge: HOUR } } as const;
    const old = await world.begin({ cart: [1] }, options);
    const [signsIn, reads] = [await world.visit(old, options), await world.visit(old, options)];
    await signsIn.session.login('ada');
    expect(await signsIn.commit()).toMatchObject({ cookie: 'set' });
    expect(reads.session.cart).toEqual([1]);
    expect(await reads.commit()).not.toEqual({ cookie: 'set', token: old });
  });

  it('by the holder of the new id has the one before a scheduled renewal dead at once (ASVS 7.2.4)', async () => {
    const world = rotating();
    const old = await due(world);
    const { token } = await world.request(old); // renews the id, with a grace period
    const elevates = await world.request(old, async (session) => {
      session.role = 'admin';
      await session.rotate();
    });
    expect([await world.peek(old), await world.peek(token)]).toEqual([undefined, undefined]);
    expect(await world.peek(elevates.token)).toEqual({ cart: [1], role: 'admin' });
  });

  it('under an id that a scheduled renewal took the place of meanwhile does nothing', async () => {
    const world = rotating();
    const old = await due(world);
    const late = await world.visit(old);
    const { token } = await world.request(old);
    late.session.mine = true;
    await late.session.rotate();
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ cart: [1], mine: true });
  });

  it('sends its cookie also where another request makes the same change before the response', async () => {
    for (const other of [(world: World) => world, (world: World) => world.another()]) {
      const world = new World();
      const old = await world.begin();
      const [rotates, late] = [await world.visit(old), await other(world).visit(old)];
      await rotates.session.rotate();
      late.session.page = rotates.session.page = '/home';
      await late.commit();
      const commit = await rotates.commit();
      expect(commit.cookie).toBe('set');
      expect(await world.peek((commit as { token?: string }).token)).toEqual({ cart: [1], page: '/home' });
    }
  });

  it('by two requests at once is one new id, and one cookie', async () => {
    const world = new World();
    const old = await world.begin();
    const [one, two] = [await world.visit(old), await world.visit(old)];
    await Promise.all([one.session.rotate(), two.session.rotate()]);
    const tokens = [await one.commit(), await two.commit()].flatMap((commit) =>
      commit.cookie === 'set' ? [commit.token] : [],
    );
    expect([world.store.rows.size, tokens.length]).toEqual([1, 1]);
    expect(await world.peek(tokens[0])).toEqual({ cart: [1] });
    expect(await world.peek(old)).toBeUndefined();
  });
});

describe('a scheduled renewal', () => {
  it('comes when the id is old enough, counted from the last one', async () => {
    const world = rotating();
    let token: string | undefined = await world.begin();
    const first = token;
    world.now += HOUR - 1;
    ({ token } = await world.request(token));
    expect(token).toBe(first);
    world.now += 1;
    ({ token } = await world.request(token));
    expect(token).not.toBe(first);
    const second = token;
    world.now += HOUR - 1;
    ({ token } = await world.request(token));
    expect(token).toBe(second);
    world.now += 1;
    ({ token } = await world.request(token));
    expect(token).not.toBe(second);
    expect(world.events.filter(({ type }) => type === 'rotated')).toMatchObject(
      Array(2).fill({ reason: 'scheduled' }),
    );
  });

  it('has the old id find the session for the grace period, and hand out the new one', async () => {
    const world = rotating();
    const old = await due(world);
    const { token } = await world.request(old);
    world.now += GRACE - 1;
    const late = await world.request(old, (session) => (session.late = true));
    expect(late.commit).toEqual({ cookie: 'set', token });
    expect(await world.peek(token)).toEqual({ cart: [1], late: true });
    world.now += 1;
    expect(await world.peek(old)).toBeUndefined();
    expect(await world.peek(token)).toBeDefined();
  });

  it('has no grace where none is wanted', async () => {
    const world = rotating({ lifetimes: { rotateInterval: HOUR, rotationGrace: 0 } });
    const old = await due(world);
    const { token } = await world.request(old);
    expect(token).not.toBe(old);
    expect(await world.peek(old)).toBeUndefined();
  });

  it('stores no id that a thief of the store could use', async () => {
    const world = rotating();
    const old = await due(world);
    const { token } = await world.request(old);
    const stored = JSON.stringify([...world.store.rows]);
    expect(stored).not.toContain(old.slice(3));
    expect(stored).not.toContain(token!.slice(3));
  });

  it.each([
    ['one process', false],
    ['two processes', true],
  ])('of a burst at the due moment, in %s, happens once, and all of it keeps working', async (_, two) => {
    const world = rotating();
    const worlds = [world, two ? rotating({ store: world.store }) : world];
    const old = await due(world, { n: 0 });
    worlds[1]!.now = world.now;
    const visits = await Promise.all(
      Array.from({ length: 20 }, (__, index) => worlds[index % 2]!.visit(old)),
    );
    visits.forEach(({ session }, index) => (session[`k${index}`] = index));
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    const tokens = commits.flatMap((commit) => (commit.cookie === 'set' ? [commit.token] : []));
    expect(tokens).toHaveLength(1);
    const rotations = new Set(
      [...worlds].flatMap(({ events }) => events.filter(({ type }) => type === 'rotated')),
    );
    expect(rotations.size).toBe(1);
    for (const token of [tokens[0], old])
      expect(Object.keys((await world.peek(token)) ?? {})).toHaveLength(21);
  });

  it('of a burst that changes nothing happens once, too', async () => {
    const world = rotating();
    const old = await due(world);
    const visits = await Promise.all(Array.from({ length: 20 }, () => world.visit(old)));
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    expect(commits.filter(({ cookie }) => cookie === 'set')).toHaveLength(1);
    expect(world.store.asked('update')).toBe(1);
  });

  it('does not happen where no cookie can be sent, or a shared cache may store it', async () => {
    for (const hindrance of [{ secure: false }, { headersSent: true }, { isShared: true }]) {
      const world = rotating();
      const token = await due(world);
      await world.request(token, (session) => (session.a = 1), hindrance);
      expect(await world.peek(token)).toEqual({ cart: [1], a: 1 });
    }
  });

  it('that fails with the store leaves the session under its old id', async () => {
    const world = rotating();
    const token = await due(world);
    const visit = await world.visit(token);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.commit()).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it('does not bring back a session that was ended meanwhile', async () => {
    const world = rotating();
    const token = await due(world);
    const visit = await world.visit(token);
    await new World({ store: world.store }).request(token, (session) => session.logout());
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(world.store.rows.size).toBe(0);
  });

  it('does not move the absolute deadline', async () => {
    const world = rotating();
    const token = await due(world);
    const { createdAt } = world.store.row;
    await world.request(token);
    expect(world.store.row.createdAt).toBe(createdAt);
  });

  it('keeps flash values and cookie settings', async () => {
    const world = rotating();
    const { token } = await world.request(undefined, (session) => {
      session.flash('notice', 1);
      session.cookie.sameSite = 'strict';
    });
    world.now += HOUR;
    const renewed = await world.request(token);
    const { session } = await world.visit(renewed.token);
    expect(session.cookie.sameSite).toBe('strict');
    expect(session.flash('notice')).toEqual([1]);
  });
});

describe('within the grace period', () => {
  it('logout with either id ends the session under both', async () => {
    for (const which of ['old', 'new'] as const) {
      const world = rotating();
      const old = await due(world);
      const { token } = await world.request(old);
      await world.request(which === 'old' ? old : token, (session) => session.logout());
      expect(world.store.rows.size).toBe(0);
      expect([await world.peek(old), await world.peek(token)]).toEqual([undefined, undefined]);
    }
  });

  it('a logout that was under way with the old id ends the renewed session', async () => {
    const world = rotating();
    const old = await due(world);
    const logsOut = await world.visit(old);
    await new World({ store: world.store }).request(old, (session) => session.rotate());
    await logsOut.session.logout();
    expect(world.store.rows.size).toBe(0);
  });

  it('a logout that stands in line behind the renewal ends the renewed session', async () => {
    const world = rotating();
    const old = await due(world);
    const [renews, logsOut] = [await world.visit(old), await world.visit(old)];
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    const renewed = renews.commit();
    await turns();
    const ended = logsOut.session.logout();
    await turns();
    written.resolve();
    await Promise.all([renewed, ended]);
    expect(world.store.rows.size).toBe(0);
  });

  it('a logout that was under way while the id was renewed twice still ends the session', async () => {
    const world = rotating();
    const old = await due(world);
    const logsOut = await world.visit(old);
    const { token } = await world.request(old);
    await world.request(token, (session) => session.rotate());
    await logsOut.session.logout();
    expect(world.store.rows.size).toBe(0);
  });

  it('login with the old id gives a third one, and both others are dead at once', async () => {
    const world = rotating();
    const old = await due(world);
    const { token: renewed } = await world.request(old);
    const { token } = await world.request(old, (session) => session.login('ada'));
    expect(await world.peek(token)).toEqual({ cart: [1], userId: 'ada' });
    expect([await world.peek(old), await world.peek(renewed)]).toEqual([undefined, undefined]);
  });
});
