import { describe, expect, it } from '@jest/globals';
import { type AnySession, keyIn, type Visit, World } from '../support/world.js';

const tokenOf = async (visit: Visit): Promise<string | undefined> => {
  const commit = await visit.commit();
  return commit.cookie === 'set' ? commit.token : undefined;
};

/** Has the store fail at this call, once. */
function failOnce(world: World, failing: string): void {
  let isPending = true;
  world.store.before = (call) => {
    if (call !== failing || !isPending) return;
    isPending = false;
    throw new Error('down');
  };
}

describe('calls that overlap', () => {
  const SAVES: [string, (session: AnySession, call: () => Promise<void>) => Promise<unknown>][] = [
    ['save() that nobody waits for', (session, call) => (void session.save(), call())],
    ['save() at the same time', (session, call) => Promise.all([session.save(), call()])],
    ['save() with a callback', (session, call) => (session.save(() => undefined), call())],
    ['two saves', (session, call) => (void session.save(), void session.save(), call())],
  ];

  it.each(SAVES)('%s and login(): a new id, the old one dead, and the user signed in', async (_, both) => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const visit = await world.visit(old);
    visit.session.attempts = 1;
    await both(visit.session, () => visit.session.login('alice'));
    expect(visit.session.authenticatedAt).toEqual(new Date(world.now));
    const token = await tokenOf(visit);
    expect(await world.peek(token)).toEqual({ cart: [1], attempts: 1, userId: 'alice' });
    expect(await world.peek(old)).toBeUndefined();
    expect(world.store.row).toMatchObject({ userId: 'alice', authenticatedAt: world.now, epoch: 2 });
  });

  it.each(SAVES)('%s and rotate(): a new id, and the old one dead', async (_, both) => {
    const world = new World();
    const old = await world.begin({ cart: [1] });
    const visit = await world.visit(old);
    visit.session.attempts = 1;
    await both(visit.session, () => visit.session.rotate());
    expect(await world.peek(await tokenOf(visit))).toEqual({ cart: [1], attempts: 1 });
    expect(await world.peek(old)).toBeUndefined();
  });

  it.each(SAVES)('%s and logout(): a new visitor leaves nothing behind', async (_, both) => {
    const world = new World();
    const visit = await world.visit(undefined);
    visit.session.cart = [1];
    await both(visit.session, () => visit.session.logout());
    expect(await visit.commit()).toEqual({ cookie: 'clear' });
    expect(world.store.rows.size).toBe(0);
  });

  it('login() that nobody waits for and logout(): nobody is signed in', async () => {
    for (const isStored of [true, false]) {
      const world = new World();
      const visit = await world.visit(isStored ? await world.begin() : undefined);
      void visit.session.login('joe');
      await visit.session.logout();
      expect(await visit.commit()).toEqual({ cookie: 'clear' });
      expect(world.store.rows.size).toBe(0);
    }
  });

  it('two rotate() at the same time: the cookie that is sent works', async () => {
    const world = new World();
    const old = await world.begin();
    const visit = await world.visit(old);
    await Promise.all([visit.session.rotate(), visit.session.rotate()]);
    const token = await tokenOf(visit);
    expect(await world.peek(token)).toEqual({ cart: [1] });
    expect(await world.peek(old)).toBeUndefined();
  });

  it('two update() at the same time count both', async () => {
    const world = new World();
    const { session } = await world.visit(await world.begin({ n: 0 }));
    const increment = (own: AnySession): number => (own.n = (own.n as number) + 1);
    expect(await Promise.all([session.update(increment), session.update(increment)])).toEqual([1, 2]);
    expect(world.data).toEqual({ n: 2 });
  });

  it('save() and reload(): the session is read as it was saved', async () => {
    const world = new World();
    const { session } = await world.visit(await world.begin());
    session.mine = 1;
    void session.save();
    await session.reload();
    expect({ ...session }).toEqual({ cart: [1], mine: 1 });
  });

  it('are all waited for by the commit, awaited or not', async () => {
    const world = new World();
    const old = await world.begin();
    const visit = await world.visit(old);
    void visit.session.save();
    void visit.session.rotate();
    void visit.session.update((session) => (session.n = 1));
    void visit.session.login('ada');
    expect(await world.peek(await tokenOf(visit))).toEqual({ cart: [1], n: 1, userId: 'ada' });
    expect(world.store.rows.size).toBe(1);
  });
});

describe('callbacks within callbacks', () => {
  it('sign out as Passport does it: save, then regenerate, then save', async () => {
    const world = new World();
    const old = await world.begin({ passport: { user: 'ada' }, cart: [1] });
    const visit = await world.visit(old);
    const errors: unknown[] = [];
    delete visit.session.passport;
    visit.session.save((one) => {
      errors.push(one);
      visit.session.regenerate((two) => {
        errors.push(two);
        visit.session.greeting = 'bye';
        visit.session.save((three) => void errors.push(three));
      });
    });
    const token = await tokenOf(visit);
    expect(errors).toEqual([undefined, undefined, undefined]);
    expect([await world.peek(old), await world.peek(token)]).toEqual([undefined, { greeting: 'bye' }]);
    expect(world.store.rows.size).toBe(1);
  });

  it.each([
    [
      'throws',
      (): void => {
        throw new Error('mine');
      },
    ],
    ['returns a promise that rejects', () => Promise.reject(new Error('mine')) as unknown as void],
  ])('that %s fails the commit', async (_, callback) => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    visit.session.save(callback);
    await expect(visit.commit()).rejects.toThrow('mine');
  });

  it('that throws fails the commit also deep inside', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    visit.session.save(() =>
      visit.session.regenerate(() => {
        throw new Error('mine');
      }),
    );
    await expect(visit.commit()).rejects.toThrow('mine');
  });
});

describe('a call that fails', () => {
  const CALLS: [string, string, (session: AnySession) => Promise<unknown>][] = [
    ['login()', 'update', (session) => session.login('ada')],
    ['logout()', 'delete', (session) => session.logout()],
    ['rotate()', 'update', (session) => session.rotate()],
    ['destroy()', 'delete', (session) => session.destroy()],
    ['regenerate()', 'delete', (session) => session.regenerate()],
    ['reload()', 'read', (session) => session.reload()],
    ['update()', 'update', (session) => session.update((own) => (own.n = 1))],
  ];

  it.each(CALLS)('leaves the session as it was, and the next one runs: %s', async (_, failing, call) => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const visit = await world.visit(token);
    const { session } = visit;
    session.mine = 1;
    const { id } = session;
    failOnce(world, failing);
    const failed = expect(call(session)).rejects.toMatchObject({ statusCode: 503 });
    const next = session.update((own) => (own.next = true));
    await Promise.all([failed, next]);
    expect([session.id, session.authenticatedAt, visit.gone]).toEqual([id, undefined, false]);
    expect({ ...session }).toEqual({ cart: [1], mine: 1, next: true });
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ cart: [1], mine: 1, next: true });
    expect(world.store.row).toMatchObject({ userId: null, epoch: 1 });
  });

  it.each([...CALLS, ['save()', 'update', (session) => session.save()] as (typeof CALLS)[number]])(
    'fails the commit where nobody waited for it: %s',
    async (_, failing, call) => {
      const world = new World();
      const visit = await world.visit(await world.begin());
      visit.session.mine = 1;
      failOnce(world, failing);
      void call(visit.session);
      await expect(visit.commit()).rejects.toMatchObject({ statusCode: 503 });
    },
  );

  it('by save() does not store its change with the commit, unless more is changed', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    visit.session.mine = 1;
    failOnce(world, 'update');
    await expect(visit.session.save()).rejects.toMatchObject({ statusCode: 503 });
    await visit.commit();
    expect(world.data).toEqual({ cart: [1] });
  });

  it('by login() after a logout() leaves the session ended, and its cookie is cleared', async () => {
    for (const end of ['logout', 'destroy'] as const) {
      const world = new World();
      const visit = await world.visit(await world.begin());
      const { session } = visit;
      await session[end]();
      failOnce(world, 'create');
      await expect(session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
      expect(await visit.commit()).toEqual({ cookie: 'clear' });
      expect(world.store.rows.size).toBe(0);
    }
  });
});

describe('calls within the function of an update()', () => {
  const CALLS: [string, (session: AnySession) => Promise<unknown>][] = [
    ['update()', (session) => session.update(() => 1)],
    ['save()', (session) => session.save()],
    ['login()', (session) => session.login('ada')],
    ['logout()', (session) => session.logout()],
    ['rotate()', (session) => session.rotate()],
    ['reload()', (session) => session.reload()],
    ['regenerate()', (session) => session.regenerate()],
    ['destroy()', (session) => session.destroy()],
  ];

  it.each(CALLS)('are refused at once, and the update() goes on: %s', async (_, call) => {
    const world = new World();
    const token = await world.begin({ n: 0 });
    const visit = await world.visit(token);
    for (const waits of [false, true]) {
      await visit.session.update(async (session) => {
        if (waits) await new Promise(setImmediate);
        await expect(call(session)).rejects.toMatchObject({ code: 'SESSION_USAGE' });
        session.n = (session.n as number) + 1;
      });
    }
    expect([visit.gone, await visit.commit()]).toEqual([false, { cookie: 'none' }]);
    expect(await world.peek(token)).toEqual({ n: 2 });
  });

  it('fail the update() where their error is not caught, and nothing is stored', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin({ n: 0 }));
    const outer = visit.session.update(async (session) => {
      session.n = 1;
      await session.update((own) => (own.n = 2));
    });
    await expect(outer).rejects.toMatchObject({ code: 'SESSION_USAGE' });
    expect({ ...visit.session }).toEqual({ n: 0 });
    await visit.commit();
    expect(world.data).toEqual({ n: 0 });
  });
});

describe('after regenerate()', () => {
  const CALLS: [string, (session: AnySession) => unknown][] = [
    ['login()', (session) => session.login('ada')],
    ['logout()', (session) => session.logout()],
    ['rotate()', (session) => session.rotate()],
    ['regenerate()', (session) => session.regenerate()],
    ['destroy()', (session) => session.destroy()],
    ['save()', (session) => session.save()],
    ['reload()', (session) => session.reload()],
    ['update()', (session) => session.update(() => 1)],
  ];

  it.each(CALLS)(
    'a call of the object from before is refused, and the new session goes on: %s',
    async (_, call) => {
      const world = new World();
      const visit = await world.visit(await world.begin({ cart: [1] }));
      const before = visit.session;
      void before.regenerate();
      // Whether it was made before regenerate() was over, or after.
      for (let count = 0; count < 2; count++) {
        await expect(call(before)).rejects.toMatchObject({
          code: 'SESSION_USAGE',
          message: expect.stringContaining('regenerate()'),
        });
      }
      expect([{ ...before }, visit.gone]).toEqual([{ cart: [1] }, false]);
      visit.session.fresh = 1;
      expect(await world.peek(await tokenOf(visit))).toEqual({ fresh: 1 });
      expect(world.store.rows.size).toBe(1);
    },
  );
});

describe('login() after an end', () => {
  it.each(['logout', 'destroy'] as const)(
    'by %s() starts a new session, which the request then has',
    async (end) => {
      const world = new World();
      const old = await world.begin({ cart: [1] });
      for (const isAwaited of [true, false]) {
        const visit = await world.visit(isAwaited ? old : await world.begin({ cart: [1] }));
        const { session } = visit;
        const ended = session[end]();
        if (isAwaited) await ended;
        await session.login('ada');
        expect(visit.gone).toBe(false);
        session.seen = true;
        const token = await tokenOf(visit);
        expect(await world.peek(token)).toEqual({ userId: 'ada', seen: true });
        expect(keyIn(token)).not.toBe(keyIn(old));
        await world.request(token, (own) => own.logout());
      }
      expect(world.store.rows.size).toBe(0);
    },
  );

  it('does not undo an end that comes after it', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    const { session } = visit;
    void session.logout();
    void session.login('ada');
    await session.destroy();
    expect([visit.gone, await visit.commit()]).toEqual([true, { cookie: 'clear' }]);
    expect(world.store.rows.size).toBe(0);
  });
});

describe('destroy()', () => {
  it('takes the session from the request at the call, whatever still runs before it', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    const { session } = visit;
    void session.save();
    const ended = session.destroy();
    expect(visit.gone).toBe(true);
    await ended;
    expect([visit.gone, await visit.commit()]).toEqual([true, { cookie: 'clear' }]);
  });
});

it.each<[string, (session: AnySession) => Promise<void>]>([
  ['login()', (session) => session.login('ada')],
  ['stepUp()', (session) => session.stepUp(2)],
])('a change that follows a %s nobody waits for is kept, also on a conflict', async (_, call) => {
  const world = new World();
  const begun = await world.begin({ userId: 'ada' });
  const visit = await world.visit(begun);
  await world.another().request(begun, (session) => (session.theirs = 1));
  void call(visit.session);
  visit.session.mine = 2;
  expect(await world.peek(await tokenOf(visit))).toEqual({ userId: 'ada', theirs: 1, mine: 2 });
});
