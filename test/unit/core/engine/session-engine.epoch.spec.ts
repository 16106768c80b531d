import { describe, expect, it } from '@jest/globals';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';
import { type AnySession, HOUR, keyIn, MINUTE, type Visit, World } from '../support/world.js';

const PROCESSES: [string, (world: World) => World][] = [
  ['in the same process', (world) => world],
  ['in another process', (world) => world.another()],
];
const ENDED = { code: 'SESSION_ENDED', statusCode: 401 };

describe.each(PROCESSES)('a request under way while somebody signs in under its id, %s,', (_, other) => {
  /** A request that has read the session, and the cookie of the one that has signed in since. */
  async function overtaken(data: object = { theme: 'dark' }): Promise<{
    world: World;
    planted: string;
    late: Visit;
    signedIn: string;
  }> {
    const world = new World();
    const planted = await world.begin(data);
    const late = await other(world).visit(planted);
    const { token } = await world.request(planted, async (session) => {
      session.email = 'ada@example.test';
      await session.login('ada');
    });
    return { world, planted, late, signedIn: token! };
  }
  const VICTIM = { theme: 'dark', email: 'ada@example.test', userId: 'ada' };

  const CALLS: [string, (session: AnySession) => Promise<unknown>][] = [
    ['reload()', (session) => session.reload()],
    ['update()', (session) => session.update((own) => (own.note = 'planted'))],
    ['rotate()', (session) => session.rotate()],
  ];

  it.each(CALLS)('cannot go on with it by %s', async (_name, call) => {
    const { world, late, signedIn } = await overtaken();
    await expect(call(late.session)).rejects.toMatchObject(ENDED);
    expect(Object.keys(late.session)).not.toContain('email');
    late.session.more = 'planted';
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(signedIn)).toEqual(VICTIM);
  });

  it('sees nothing of it within the function of an update(), whenever that runs', async () => {
    const { late } = await overtaken();
    const seen: unknown[] = [];
    const call = late.session.update((session) => {
      seen.push({ ...session });
      session.note = 'planted';
    });
    await expect(call).rejects.toMatchObject(ENDED);
    expect(JSON.stringify(seen)).not.toContain('ada');
  });

  it('has its changes dropped by the commit, and gets no cookie', async () => {
    const { world, late, signedIn } = await overtaken();
    late.session.note = 'planted';
    late.session.flash('notice', 'planted');
    late.session.cookie.sameSite = 'none';
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect({ ...late.session }).not.toHaveProperty('email');
    expect(await world.peek(signedIn)).toEqual(VICTIM);
    expect(world.store.row.meta).not.toMatch(/flash|cookie/);
  });

  it('has save() store nothing and send nothing', async () => {
    const { world, late, signedIn } = await overtaken();
    late.session.note = 'planted';
    await late.session.save();
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(signedIn)).toEqual(VICTIM);
  });

  it('starts a session of its own with login(), and takes nothing over', async () => {
    const { world, planted, late, signedIn } = await overtaken();
    late.session.mine = 'of the request';
    late.session.flash('notice', 'of the request');
    await late.session.login('bob');
    const commit = await late.commit();
    expect(commit.cookie).toBe('set');
    const { token } = commit as { token: string };
    expect(keyIn(token)).not.toBe(keyIn(planted));
    const { session } = await world.visit(token);
    expect([{ ...session }, session.flash('notice')]).toEqual([{ userId: 'bob' }, []]);
    expect(await world.peek(signedIn)).toEqual(VICTIM);
  });

  it('starts one with login() also after another call was refused', async () => {
    const { world, late } = await overtaken();
    late.session.mine = 'of the request';
    await expect(late.session.reload()).rejects.toMatchObject(ENDED);
    await late.session.login('bob');
    expect(await world.peek(((await late.commit()) as { token: string }).token)).toEqual({ userId: 'bob' });
    expect(world.store.rows.size).toBe(2);
  });

  it.each(['logout', 'destroy'] as const)('still ends it with %s()', async (method) => {
    const { world, late, signedIn } = await overtaken();
    await late.session[method]();
    expect(world.store.rows.size).toBe(0);
    expect(await world.peek(signedIn)).toBeUndefined();
    expect(await late.commit()).toEqual({ cookie: 'clear' });
  });

  it('still ends it with logout() after another call was refused', async () => {
    const { world, late } = await overtaken();
    await expect(late.session.reload()).rejects.toMatchObject(ENDED);
    await late.session.logout();
    expect(world.store.rows.size).toBe(0);
  });

  it('still ends it with regenerate(), and has a new session', async () => {
    const { world, late } = await overtaken();
    await late.session.regenerate();
    late.session.fresh = 1;
    expect(await late.commit()).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({ fresh: 1 });
  });

  it('does not bring the old user back where the session was another user’s before', async () => {
    const { world, late, signedIn } = await overtaken({ theme: 'dark', userId: 'eve' });
    late.session.note = 'eve was here';
    await late.commit();
    expect(await world.peek(signedIn)).toEqual(VICTIM);
    expect(world.store.row.userId).toBe('ada');
  });
});

describe('a request that stands in line behind a login of the same process', () => {
  it('neither sees nor changes the session that was signed in', async () => {
    const world = new World();
    const planted = await world.begin();
    const [victim, attacker] = [await world.visit(planted), await world.visit(planted)];
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    victim.session.email = 'ada@example.test';
    const login = victim.session.login('ada');
    await turns();
    const read = attacker.session.update((session) => ({ ...session })).catch((error: unknown) => error);
    await turns();
    written.resolve();
    await login;
    expect(await read).toMatchObject(ENDED);
    attacker.session.note = 'planted';
    await attacker.commit();
    expect({ ...attacker.session }).not.toHaveProperty('email');
    expect(world.data).toEqual({ cart: [1], email: 'ada@example.test', userId: 'ada' });
  });

  it('gets a session of its own where it signs in, too', async () => {
    const world = new World();
    const shared = await world.begin({ theme: 'dark' });
    const [ada, bob] = [await world.visit(shared), await world.visit(shared)];
    const written = defer();
    world.store.before = (call) => (call === 'update' ? written.promise : undefined);
    ada.session.email = 'ada@example.test';
    const logins = [ada.session.login('ada')];
    await turns();
    logins.push(bob.session.login('bob'));
    await turns();
    written.resolve();
    await Promise.all(logins);
    const tokens = [await ada.commit(), await bob.commit()].map(
      (commit) => (commit as { token: string }).token,
    );
    expect(await world.peek(tokens[0])).toEqual({ theme: 'dark', email: 'ada@example.test', userId: 'ada' });
    expect(await world.peek(tokens[1])).toEqual({ userId: 'bob' });
    expect(keyIn(tokens[1])).not.toBe(keyIn(tokens[0]));
  });
});

describe.each(PROCESSES)('a request under way while somebody else calls rotate(), %s,', (_, other) => {
  async function overtaken(): Promise<{ world: World; late: Visit; renewed: string }> {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const late = await other(world).visit(old);
    const { token } = await world.request(old, async (session) => {
      session.theirs = true;
      await session.rotate();
    });
    world.store.calls.length = 0;
    return { world, late, renewed: token! };
  }

  it('has its changes merged, and goes on', async () => {
    const { world, late, renewed } = await overtaken();
    late.session.mine = true;
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(renewed)).toEqual({ cart: [1], theirs: true, mine: true });
  });

  it('reads and updates the session as it is now', async () => {
    const { world, late, renewed } = await overtaken();
    await late.session.reload();
    expect({ ...late.session }).toEqual({ cart: [1], theirs: true });
    await late.session.update((session) => (session.n = 1));
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(renewed)).toEqual({ cart: [1], theirs: true, n: 1 });
  });

  it('gets no id of its own by rotate(): nothing is written, and no cookie sent', async () => {
    const { world, late, renewed } = await overtaken();
    const { row } = world.store;
    await late.session.rotate();
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(world.store.row).toBe(row);
    expect(await world.peek(renewed)).toEqual({ cart: [1], theirs: true });
  });

  it('asks the store to write nothing for a rotate() once it knows', async () => {
    const { world, late } = await overtaken();
    await late.session.reload();
    await late.session.rotate();
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(world.store.asked('update', 'create', 'delete')).toBe(0);
  });

  it('starts a session of its own with login(): its id may be a stolen copy', async () => {
    const { world, late, renewed } = await overtaken();
    late.session.mine = true;
    await late.session.login('eve');
    const { token } = (await late.commit()) as { token: string };
    expect(await world.peek(token)).toEqual({ userId: 'eve' });
    expect(keyIn(token)).not.toBe(keyIn(renewed));
    expect(await world.peek(renewed)).toEqual({ cart: [1], theirs: true });
    expect([...world.store.rows.values()].map(({ userId }) => userId).sort()).toEqual(['eve', null]);
  });

  it('ends the session with logout()', async () => {
    const { world, late, renewed } = await overtaken();
    await late.session.logout();
    expect(await world.peek(renewed)).toBeUndefined();
  });

  it('gets no cookie for a session whose cookie outlives the browser', async () => {
    const options = { cookie: { httpOnly: true, path: '/', maxAge: HOUR } } as const;
    const world = new World();
    const old = await world.begin({ cart: [1] }, options);
    const late = await other(world).visit(old, options);
    await world.request(old, (session) => session.rotate(), options);
    world.now += 10 * MINUTE;
    late.session.mine = true;
    expect(await late.commit()).toEqual({ cookie: 'none' });
  });
});

describe.each(PROCESSES)('a request under way while the id is renewed on schedule, %s,', (_, other) => {
  const rotating = { lifetimes: { rotateInterval: HOUR, rotationGrace: MINUTE } };
  const second = (world: World): World => (other(world) === world ? world : world.another(rotating));

  async function overtaken(): Promise<{ world: World; late: Visit; old: string; renewed: string }> {
    const world = new World(rotating);
    const old = await world.begin({ cart: [1] });
    world.now += HOUR;
    const late = await second(world).visit(old);
    const { token } = await world.request(old);
    return { world, late, old, renewed: token! };
  }

  it('signs in to the same session, within the grace period', async () => {
    const { world, late, old, renewed } = await overtaken();
    late.session.mine = true;
    await late.session.login('ada');
    const { token } = (await late.commit()) as { token: string };
    expect(keyIn(token)).toBe(keyIn(old));
    expect(await world.peek(token)).toEqual({ cart: [1], mine: true, userId: 'ada' });
    expect([await world.peek(old), await world.peek(renewed)]).toEqual([undefined, undefined]);
    expect(world.store.rows.size).toBe(1);
  });

  it('signs in to a session of its own when the grace period is over', async () => {
    const { world, late, old, renewed } = await overtaken();
    world.now += MINUTE;
    await late.session.login('ada');
    const { token } = (await late.commit()) as { token: string };
    expect(keyIn(token)).not.toBe(keyIn(old));
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
    expect(await world.peek(renewed)).toEqual({ cart: [1] });
  });

  it('has its changes merged without a cookie, and rotate() does nothing', async () => {
    const { world, late, renewed } = await overtaken();
    late.session.mine = true;
    await late.session.rotate();
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(renewed)).toEqual({ cart: [1], mine: true });
  });
});

describe('the epoch', () => {
  it('is raised by login() alone, not by a new id', async () => {
    const world = new World({ lifetimes: { rotateInterval: HOUR } });
    let token: string | undefined = await world.begin();
    expect(world.store.row.epoch).toBe(1);
    ({ token } = await world.request(token, (session) => session.rotate()));
    world.now += HOUR;
    ({ token } = await world.request(token, (session) => (session.a = 1)));
    expect(world.store.row.epoch).toBe(1);
    ({ token } = await world.request(token, (session) => session.login('ada')));
    expect(world.store.row.epoch).toBe(2);
    await world.request(token, (session) => session.login('ada'));
    expect(world.store.row.epoch).toBe(3);
  });

  it('is 1 for a session that begins with a login', async () => {
    const world = new World();
    await world.request(undefined, (session) => session.login('ada'));
    expect(world.store.row.epoch).toBe(1);
  });
});
