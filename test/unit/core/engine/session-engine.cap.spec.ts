import { describe, expect, it } from '@jest/globals';
import { defer } from '../support/deferred.js';
import type { StoreCall } from '../support/fake-store.js';
import { DAY, MINUTE, type Visit, World } from '../support/world.js';

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

  it('never ends the session that was just signed in for one that comes from a clock that is ahead', async () => {
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

  it('counts a stored session that signs in, and looks at nobody’s sessions for any other write', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const { token: first } = await world.request(undefined, (session) => session.login('ada'));
    const cart = await world.begin({ cart: [1] });
    world.now += MINUTE;
    const { token } = await world.request(cart, (session) => session.login('ada'));
    expect([await world.peek(first), await world.peek(token)]).toEqual([
      undefined,
      { cart: [1], userId: 'ada' },
    ]);
    world.store.calls.length = 0;
    await world.request(token, (session) => (session.a = 1));
    const rotated = await world.request(token, (session) => session.rotate());
    await world.request(rotated.token, (session) => session.login('ada'));
    await world.request(undefined, (session) => (session.cart = [2]));
    expect(world.store.asked('findByUser', 'deleteOwned')).toBe(0);
  });

  it('counts a session that becomes another user’s', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    await world.request(undefined, (session) => session.login('bob'));
    world.now += MINUTE;
    const { token: ada } = await world.request(undefined, (session) => session.login('ada'));
    const { token } = await world.request(ada, (session) => session.login('bob'));
    expect(world.store.rows.size).toBe(1);
    expect(await world.peek(token)).toEqual({ userId: 'bob' });
  });

  it('ends the oldest also where that renews its id at the same moment', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const { token: first } = await world.request(undefined, (session) => session.login('ada'));
    world.now += MINUTE;
    let renewed: string | undefined;
    world.store.after = async (call) => {
      if (call === 'findByUser')
        ({ token: renewed } = await world.another().request(first, (session) => session.rotate()));
    };
    const { token } = await world.request(undefined, (session) => session.login('ada'));
    expect(renewed).not.toBe(first);
    expect([await world.peek(renewed), await world.peek(token)]).toEqual([undefined, { userId: 'ada' }]);
  });

  it('leaves a session alone that became somebody else’s since it was listed', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const { token: first } = await world.request(undefined, (session) => session.login('ada'));
    world.now += MINUTE;
    let others: string | undefined;
    world.store.after = async (call) => {
      if (call === 'findByUser' && others === undefined) {
        others = 'on its way';
        ({ token: others } = await world.another().request(first, (session) => session.login('bob')));
      }
    };
    await world.request(undefined, (session) => session.login('ada'));
    expect(await world.peek(others)).toEqual({ userId: 'bob' });
    expect(world.store.rows.size).toBe(2);
  });

  it('ends no session that its user has signed in to again since it was listed, and still holds', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const { token: first } = await world.request(undefined, (session) => session.login('ada'));
    world.now += MINUTE;
    let again: string | undefined;
    world.store.after = async (call) => {
      if (call !== 'findByUser' || again !== undefined) return;
      again = 'on its way';
      world.now += 1;
      ({ token: again } = await world.another().request(first, (session) => session.login('ada')));
    };
    const { token: second } = await world.request(undefined, (session) => session.login('ada'));
    expect([await world.peek(again), second]).toEqual([{ userId: 'ada' }, undefined]);
    expect(world.store.rows.size).toBe(1);
  });

  it('refuses a login where others of the same user come first every time', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    let { token } = await world.request(undefined, (session) => session.login('ada'));
    world.now += DAY / 2;
    world.store.after = async (call) => {
      if (call !== 'findByUser') return;
      // By another clock, or these logins would be the newest.
      world.now -= MINUTE;
      ({ token } = await world.another().request(token, (session) => session.login('ada')));
      world.now += MINUTE + 1;
    };
    const visit = await world.visit(undefined);
    await expect(visit.session.login('ada')).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
    expect(world.store.rows.size).toBe(1);
  });

  it('lets one of two logins at the same time win, and gives the other no cookie', async () => {
    const world = new World({ maxSessionsPerUser: 1 });
    const visits = [
      await world.visit(undefined),
      await world.another({ maxSessionsPerUser: 1 }).visit(undefined),
    ];
    const bothStored = defer();
    world.store.before = (call) => {
      if (call !== 'findByUser') return undefined;
      if (world.store.rows.size === 2) bothStored.resolve();
      return bothStored.promise;
    };
    await Promise.all(visits.map(({ session }) => session.login('ada')));
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    expect(commits.map(({ cookie }) => cookie).sort()).toEqual(['none', 'set']);
    const { token } = commits.find(({ cookie }) => cookie === 'set') as { token: string };
    expect([await world.peek(token), world.store.rows.size]).toEqual([{ userId: 'ada' }, 1]);
  });

  it.each([
    ['a new session', false],
    ['a stored session', true],
  ])('gives %s no cookie that is itself the oldest beyond it', async (_, isStored) => {
    const world = new World({ maxSessionsPerUser: 1 });
    const cart = isStored ? await world.begin() : undefined;
    const visit = await world.visit(cart);
    // Another instance, whose clock is a little ahead, signs the user in between the write and the look at the list.
    let isFirst = true;
    world.store.before = async (call) => {
      if (call !== 'findByUser' || !isFirst) return;
      isFirst = false;
      const ahead = new World({ store: world.store });
      ahead.now = world.now + 5_000;
      await ahead.request(undefined, (session) => session.login('ada'));
    };
    await visit.session.login('ada');
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(world.store.rows.size).toBe(1);
    expect(world.store.row.createdAt).toBe(world.now + 5_000);
    expect(world.events.filter(({ type }) => type === 'destroyed')).toMatchObject([
      { handle: visit.session.handle, reason: 'replaced', userId: 'ada' },
    ]);
  });
});

describe('a cap that the store fails to enforce', () => {
  /** A user who is signed in already, and a store that fails at a call. */
  async function failing(
    call: StoreCall,
    isStored: boolean,
  ): Promise<{ world: World; visit: Visit; first: string }> {
    const world = new World({ maxSessionsPerUser: 1 });
    const { token: first } = await world.request(undefined, (session) => session.login('ada'));
    const visit = await world.visit(isStored ? await world.begin({ cart: [1] }) : undefined);
    world.now += MINUTE;
    world.events.length = 0;
    world.store.before = (kind) => (kind === call ? Promise.reject(new Error('down')) : undefined);
    return { world, visit, first: first! };
  }

  const CASES = (['findByUser', 'deleteOwned'] as const).flatMap((call) =>
    ([true, false] as const).map(
      (isStored) => [call, isStored ? 'a stored session' : 'a new session', isStored] as const,
    ),
  );

  it.each(CASES)(
    '(%s) fails the login of %s: it is ended, and its cookie cleared',
    async (call, _, isStored) => {
      const { world, visit, first } = await failing(call, isStored);
      await expect(visit.session.login('ada')).rejects.toMatchObject({
        code: 'SESSION_STORE_UNAVAILABLE',
        statusCode: 503,
      });
      world.store.before = () => undefined;
      expect(await visit.commit()).toEqual({ cookie: 'clear' });
      expect(await world.peek(first)).toEqual({ userId: 'ada' });
      expect(world.store.rows.size).toBe(1);
      expect(world.events.filter(({ type }) => type === 'destroyed')).toHaveLength(1);
      expect(world.failures).toHaveLength(1);
    },
  );

  it('fails the response where the data says whose session it is, and clears the cookie', async () => {
    const { world, visit } = await failing('findByUser', true);
    visit.session.userId = 'ada';
    const { commit, error } = await visit.answer();
    expect([commit, error]).toMatchObject([{ cookie: 'clear' }, { statusCode: 503 }]);
    expect(world.store.rows.size).toBe(1);
  });

  it('fails the login also where the session cannot be ended: no cookie leads to it', async () => {
    const { world, visit } = await failing('findByUser', true);
    world.store.before = (call) =>
      call === 'findByUser' || call === 'delete' ? Promise.reject(new Error('down')) : undefined;
    const { id } = visit.session;
    await expect(visit.session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
    expect(await visit.commit()).toEqual({ cookie: 'clear' });
    expect(await world.peek(`ok:${id}`)).toBeUndefined();
  });

  it('lets the request sign in again, when the store is back', async () => {
    const { world, visit, first } = await failing('findByUser', true);
    await expect(visit.session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    await visit.session.login('ada');
    const commit = await visit.commit();
    expect(await world.peek((commit as { token?: string }).token)).toEqual({ userId: 'ada' });
    expect(await world.peek(first)).toBeUndefined();
  });
});
