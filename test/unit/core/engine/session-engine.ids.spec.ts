import { describe, expect, it } from '@jest/globals';
import { KeyedIds, partsOf } from '../../../../lib/core/record/session-id.js';
import { HOUR, keyIn, SECOND, World, type WorldOptions } from '../support/world.js';

const GRACE = 30 * SECOND;
const rotating = (options: WorldOptions = {}): World =>
  new World({ lifetimes: { rotateInterval: HOUR, rotationGrace: GRACE }, ...options });

/** A session whose id was renewed on schedule just now: the cookie from before, and the new one. */
async function renewed(world = rotating()): Promise<{ world: World; old: string; token: string }> {
  const old = await world.begin();
  world.now += HOUR;
  const { token } = await world.request(old);
  expect(token).not.toBe(old);
  world.store.calls.length = 0;
  world.events.length = 0;
  return { world, old, token: token! };
}

/** Whether a cookie is refused as one with a known key and an outdated secret, by one look at the store. */
async function expectSuperseded(world: World, token: string, userId?: string): Promise<void> {
  world.store.calls.length = 0;
  world.events.length = 0;
  const before = world.store.row;
  const { session, commit } = await world
    .request(token, (own) => void expect(own.isNew).toBe(true))
    .then(({ visit, commit: answer }) => ({ session: visit.session, commit: answer }));
  expect([{ ...session }, commit]).toEqual([{}, { cookie: 'none' }]);
  expect(world.events).toEqual([
    {
      type: 'rejected',
      reason: 'superseded',
      at: new Date(world.now),
      handle: keyIn(token),
      ...(userId !== undefined && { userId }),
    },
  ]);
  expect(world.store.calls).toEqual([{ call: 'read', keys: [keyIn(token)] }]);
  expect(world.store.row).toBe(before);
}

describe('an id that was given up', () => {
  it.each(['the first', 'one after a rotate()'])(
    '%s, is refused as superseded after a login',
    async (which) => {
      const world = new World();
      let token: string | undefined = await world.begin();
      if (which !== 'the first') ({ token } = await world.request(token, (session) => session.rotate()));
      await world.request(token, (session) => session.login('ada'));
      await expectSuperseded(world, token!, 'ada');
    },
  );

  it('is refused as superseded after a rotate()', async () => {
    const world = new World();
    const token = await world.begin();
    await world.request(token, (session) => session.rotate());
    await expectSuperseded(world, token);
  });

  it('is refused as superseded after two scheduled renewals, within the grace period of both', async () => {
    const { world, old, token } = await renewed(
      rotating({ lifetimes: { rotateInterval: SECOND, rotationGrace: GRACE } }),
    );
    world.now += SECOND;
    const again = await world.request(token);
    expect([again.token === token, world.store.row.previousUntil]).toEqual([false, world.now + GRACE]);
    await expectSuperseded(world, old);
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it('is refused as superseded when the grace period is over, to the millisecond', async () => {
    const { world, old } = await renewed();
    world.now += GRACE - 1;
    expect(await world.peek(old)).toEqual({ cart: [1] });
    world.now += 1;
    await expectSuperseded(world, old);
  });

  it('is refused as superseded within the grace period, once rotate() or login() has ended that', async () => {
    for (const method of ['rotate', 'login'] as const) {
      const { world, old, token } = await renewed();
      await world.request(token, (session) => session[method]('ada'));
      await expectSuperseded(world, old, method === 'login' ? 'ada' : undefined);
      await expectSuperseded(world, token, method === 'login' ? 'ada' : undefined);
    }
  });

  it('is refused as superseded also when the session has expired', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR } });
    const token = await world.begin();
    await world.request(token, (session) => session.rotate());
    world.now += HOUR;
    await expectSuperseded(world, token);
  });

  it('is one with a made-up secret, too: knowing the key opens nothing', async () => {
    const world = new World();
    const token = await world.begin();
    await expectSuperseded(world, `ok:${keyIn(token)}~${'A'.repeat(43)}`);
    // Nor does an id whose digest is the key of the session, which nobody can make, nor the key itself.
    world.events.length = 0;
    expect(await world.peek(`ok:${keyIn(token)}`)).toBeUndefined();
    expect(world.events).toMatchObject([{ type: 'rejected', reason: 'unknown' }]);
  });

  it('begins a session under another key where its holder stores something', async () => {
    const world = new World();
    const old = await world.begin();
    const { token: owner } = await world.request(old, (session) => session.login('ada'));
    const { token } = await world.request(old, (session) => (session.mine = 1));
    expect(keyIn(token)).not.toBe(keyIn(old));
    expect([await world.peek(token), await world.peek(owner)]).toEqual([
      { mine: 1 },
      { cart: [1], userId: 'ada' },
    ]);
  });
});

describe('the id from before a scheduled renewal, within its grace period', () => {
  it('finds the session, and is handed the new id together with a touch', async () => {
    const { world, old, token } = await renewed();
    const { commit, visit } = await world.request(old, (session) => expect(session.cart).toEqual([1]));
    expect(commit).toEqual({ cookie: 'set', token });
    expect(`ok:${visit.session.id}`).toBe(token);
    expect(world.store.calls.map(({ call }) => call)).toEqual(['read', 'update']);
  });

  it('is handed the new id only after that write: not where it fails', async () => {
    const { world, old } = await renewed();
    const visit = await world.visit(old);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    const { commit, error } = await visit.answer();
    expect([commit, error]).toMatchObject([{ cookie: 'none' }, { statusCode: 503 }]);
  });

  it.each([
    ['signs in', (world: World, token: string) => world.request(token, (session) => session.login('ada'))],
    ['renews the id', (world: World, token: string) => world.request(token, (session) => session.rotate())],
    [
      'ends the session',
      (world: World, token: string) => world.request(token, (session) => session.logout()),
    ],
  ])('is handed nothing where somebody %s between read and write', async (_, interfere) => {
    const { world, old, token } = await renewed();
    const visit = await world.visit(old);
    await interfere(world.another(), token);
    expect(await visit.commit()).toEqual({ cookie: 'none' });
  });

  it('is handed the new id also where somebody else changes the session between read and write', async () => {
    const { world, old, token } = await renewed();
    const visit = await world.visit(old);
    await world.another().request(token, (session) => (session.theirs = 1));
    expect(await visit.commit()).toEqual({ cookie: 'set', token });
    expect(await world.peek(token)).toEqual({ cart: [1], theirs: 1 });
  });

  it('is handed the new id by every response within it, with every setting of rolling', async () => {
    for (const rolling of ['always', 'touch', 'change', 'never'] as const) {
      const { world, old, token } = await renewed(rotating({ rolling }));
      for (let count = 0; count < 3; count++)
        expect((await world.request(old)).commit).toEqual({ cookie: 'set', token });
    }
  });

  it.each([
    ['a shared cache may store', { isShared: true }],
    ['has left', { headersSent: true }],
    ['cannot carry a secure cookie', { secure: false }],
  ])('is handed nothing by a response that %s, and by the next one that can', async (_, hindrance) => {
    const { world, old, token } = await renewed();
    expect((await world.request(old, () => undefined, hindrance)).commit).toEqual({ cookie: 'none' });
    expect((await world.request(old)).commit).toEqual({ cookie: 'set', token });
  });

  it('can change, renew and end the session', async () => {
    const { world, old } = await renewed();
    const changed = await world.request(old, (session) => (session.a = 1));
    expect(await world.peek(changed.token)).toEqual({ cart: [1], a: 1 });
    const rotated = await world.request(old, (session) => session.rotate());
    expect(keyIn(rotated.token)).toBe(keyIn(old));
    expect(await world.peek(rotated.token)).toEqual({ cart: [1], a: 1 });
    expect(await world.peek(old)).toBeUndefined();
    await world.request(rotated.token, (session) => session.logout());
    expect(world.store.rows.size).toBe(0);
  });
});

describe('the key', () => {
  it('stays the same through every change of the id, and is the handle', async () => {
    const world = rotating();
    const first = await world.begin();
    const steps: ((session: { login: (id: string) => unknown; rotate: () => unknown }) => unknown)[] = [
      (session) => session.rotate(),
      (session) => session.login('ada'),
      () => void (world.now += HOUR),
      (session) => session.login('bob'),
    ];
    let token: string | undefined = first;
    for (const step of steps) {
      const before: string | undefined = token;
      const answer = await world.request(token, step);
      token = answer.token;
      expect(token).not.toBe(before);
      expect([answer.visit.session.handle, keyIn(token), world.store.row.key]).toEqual(
        Array(3).fill(keyIn(first)),
      );
    }
    const handles = world.events.flatMap((event) => ('handle' in event ? [event.handle] : []));
    expect(new Set(handles)).toEqual(new Set([keyIn(first)]));
  });

  it('of a new session is known before it is stored', async () => {
    const world = new World();
    const { visit } = await world.request(undefined, async (session) => {
      const { handle } = session;
      session.a = 1;
      await session.save();
      expect([session.handle, world.store.row.key]).toEqual([handle, handle]);
    });
    expect(visit.session.handle).toBe(world.store.row.key);
  });

  it('is the only thing a store is asked for', async () => {
    const { world, old, token } = await renewed();
    await world.request(old, (session) => (session.a = 1));
    await world.request(token, (session) => session.reload());
    const login = await world.request(token, (session) => session.login('ada'));
    await world.request(login.token, (session) => session.logout());
    expect(new Set(world.store.calls.flatMap(({ keys }) => keys))).toEqual(new Set([keyIn(old)]));
  });
});

describe('a foreign id', () => {
  const genid = (): WorldOptions => ({ ids: new KeyedIds(() => 'QPdt1Twtqxl7LVmoz5n6qGpVMQqJn1Bm') });

  it('finds its session under its digest, also where ids are made in another way by now', async () => {
    const world = new World(genid());
    const token = await world.begin();
    expect(token).toBe('ok:QPdt1Twtqxl7LVmoz5n6qGpVMQqJn1Bm');
    expect(world.store.row.key).toBe(partsOf(token.slice(3)).token);
    expect(await world.another().peek(token)).toEqual({ cart: [1] });
  });

  it.each([
    ['rotate()', (world: World, token: string) => world.request(token, (session) => session.rotate())],
    ['login()', (world: World, token: string) => world.request(token, (session) => session.login('ada'))],
    [
      'a scheduled renewal',
      (world: World, token: string) => {
        world.now += HOUR;
        return world.request(token);
      },
    ],
  ])('has its digest for a key in its first new id, by %s', async (_, renew) => {
    const world = rotating(genid());
    const old = await world.begin();
    const { token } = await renew(world, old);
    const [key, secret] = token!.slice(3).split('~');
    expect([key, secret]).toEqual([partsOf(old.slice(3)).token, expect.stringMatching(/^[\w-]{43}$/)]);
    expect(await world.another().peek(token)).toMatchObject({ cart: [1] });
    expect(world.store.row.key).toBe(key);
  });

  it('is superseded after that like any other', async () => {
    const world = new World(genid());
    const old = await world.begin();
    await world.request(old, (session) => session.login('ada'));
    await expectSuperseded(world, old, 'ada');
  });

  it('is handed its new id within the grace period', async () => {
    const { world, old, token } = await renewed(rotating(genid()));
    expect((await world.request(old)).commit).toEqual({ cookie: 'set', token });
  });

  it('is not asked for again: genid makes the ids of new sessions alone', async () => {
    let count = 0;
    const world = new World({ ids: new KeyedIds(() => `own-${++count}`) });
    const { token } = await world.request(await world.begin(), (session) => session.rotate());
    await world.request(token, (session) => session.login('ada'));
    expect(count).toBe(1);
  });
});
