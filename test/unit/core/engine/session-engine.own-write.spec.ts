import { describe, expect, it } from '@jest/globals';
import { KeyedIds } from '../../../../lib/core/record/session-id.js';
import { counterOf, versionAfter } from '../../../../lib/core/record/session-record.js';
import { type AnySession, HOUR, MINUTE, World, type WorldOptions } from '../support/world.js';

/** A world whose store applies the next write of a kind and loses the answer, as when a driver sends a command again. */
async function losing(
  call: 'create' | 'update' | 'delete',
  data: object = { n: 0 },
  options: WorldOptions = {},
): Promise<{ world: World; token: string }> {
  const world = new World(options);
  const token = await world.begin(data);
  let isLost = false;
  world.store.losesAnswer = (kind) => kind === call && !isLost && (isLost = true);
  return { world, token };
}

const counter = (world: World): number => counterOf(world.store.row.version);

describe('a change whose answer is lost', () => {
  it('by update() is made once: the function runs once, and nothing counts twice', async () => {
    const { world, token } = await losing('update');
    let runs = 0;
    const { visit } = await world.request(token, async (session) => {
      const n = await session.update((own) => {
        runs++;
        return (own.n = (own.n as number) + 1);
      });
      expect(n).toBe(1);
    });
    expect([runs, world.data, counter(world)]).toEqual([1, { n: 1 }, 2]);
    await visit.session.update((own) => (own.n = (own.n as number) + 1));
    expect(world.data).toEqual({ n: 2 });
  });

  it('by many update() at once is made once each', async () => {
    const world = new World();
    const token = await world.begin({ n: 0 });
    let count = 0;
    world.store.losesAnswer = () => count++ % 3 === 0;
    const visits = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? world : world.another()).visit(token)),
    );
    await Promise.all(visits.map(({ session }) => session.update((own) => (own.n = (own.n as number) + 1))));
    expect(world.data).toEqual({ n: 20 });
  });

  it('by the commit is made once, and no other write follows', async () => {
    const { world, token } = await losing('update');
    await world.request(token, (session) => {
      session.mine = 1;
      session.flash('notice', 'once');
    });
    expect([world.store.asked('update'), counter(world)]).toEqual([1, 2]);
    const { session } = await world.visit(token);
    expect([session.mine, session.flash('notice')]).toEqual([1, ['once']]);
  });

  it('by the commit sends the cookie that goes with it', async () => {
    const cookie = { httpOnly: true, path: '/', maxAge: HOUR };
    const { world, token } = await losing('update');
    const { commit } = await world.request(token, (session) => (session.mine = 1), { cookie });
    expect(commit).toEqual({ cookie: 'set', token });
  });

  it('by a flash value that was taken is made once: nobody has the value again', async () => {
    const world = new World();
    const token = await world.begin();
    await world.request(token, (session) => session.flash('notice', 'once'));
    let isLost = false;
    world.store.losesAnswer = () => !isLost && (isLost = true);
    await world.request(token, (session) => expect(session.flash('notice')).toEqual(['once']));
    expect((await world.another().visit(token)).session.flash('notice')).toEqual([]);
  });

  it.each(['login', 'rotate'] as const)(
    'by %s() that fails all the same is known to be made',
    async (call) => {
      const world = new World();
      const token = await world.begin({ cart: [1] });
      let isLost = false;
      world.store.after = (kind) => {
        if (kind !== 'update' || isLost) return;
        isLost = true;
        throw new Error('The connection was lost.');
      };
      const { commit } = await world.request(token, (session) =>
        call === 'login' ? session.login('ada') : session.rotate(),
      );
      expect(commit).toMatchObject({ cookie: 'set' });
      const renewed = (commit as { token: string }).token;
      expect([await world.peek(renewed), await world.peek(token)]).toMatchObject([{ cart: [1] }, undefined]);
      expect(world.store.asked('update')).toBe(1);
    },
  );

  it.each(['login', 'rotate'] as const)('by %s() that was not made is an error', async (call) => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    world.store.before = (kind) => {
      if (kind === 'update') throw new Error('The connection was lost.');
    };
    const { session } = await world.visit(token);
    const renewal = call === 'login' ? session.login('ada') : session.rotate();
    await expect(renewal).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(await world.peek(token)).toEqual({ cart: [1] });
  });

  it('is told from a change that somebody else made at the same time', async () => {
    const world = new World();
    const token = await world.begin({ n: 0 });
    const { session } = await world.visit(token);
    let isFirst = true;
    world.store.before = (call) => {
      if (call !== 'update' || !isFirst) return;
      isFirst = false;
      // The same counter as the change under way will have, and another mark.
      world.store.vandalize({ version: versionAfter(world.store.row.version), data: '{"n":10}' });
    };
    expect(await session.update((own) => (own.n = (own.n as number) + 1))).toBe(11);
    expect(world.data).toEqual({ n: 11 });
  });
});

describe('a new id whose answer is lost', () => {
  it.each([
    ['rotate()', { cart: [1] }],
    ['login()', { cart: [1], userId: 'ada' }],
  ] as const)('by %s is given once, and its cookie sent', async (method, data) => {
    const { world, token: old } = await losing('update', { cart: [1] });
    const { token, commit } = await world.request(old, (session) =>
      method === 'login()' ? session.login('ada') : session.rotate(),
    );
    expect(commit.cookie).toBe('set');
    expect(await world.peek(token)).toEqual(data);
    expect(await world.peek(old)).toBeUndefined();
    expect([world.store.rows.size, counter(world)]).toEqual([1, 2]);
    expect(world.events.filter(({ type }) => type === 'rotated')).toHaveLength(1);
  });

  it('by a scheduled renewal is given once, and its cookie sent', async () => {
    const { world, token: old } = await losing('update', { n: 0 }, { lifetimes: { rotateInterval: HOUR } });
    world.now += HOUR;
    const { token, commit } = await world.request(old);
    expect(commit.cookie).toBe('set');
    expect(await world.peek(token)).toEqual({ n: 0 });
    expect([counter(world), world.store.asked('update')]).toEqual([2, 1]);
  });
});

describe('a new session whose answer is lost', () => {
  it.each([
    ['with the response', () => undefined],
    ['by save()', (session) => session.save()],
    ['by login()', (session) => session.login('ada')],
  ] as [string, (session: AnySession) => unknown][])(
    'is stored once %s, and its cookie sent',
    async (_, store) => {
      const { world } = await losing('create');
      world.store.rows.clear();
      const { token, commit } = await world.request(undefined, async (session) => {
        session.cart = [1];
        await store(session);
      });
      expect(commit.cookie).toBe('set');
      expect(await world.peek(token)).toMatchObject({ cart: [1] });
      expect([world.store.rows.size, world.store.asked('create')]).toEqual([1, 1]);
      expect(world.happened.filter((type) => type === 'created')).toHaveLength(1);
    },
  );

  it('leaves its id behind where the call fails, so that the clean-up ends no later session', async () => {
    const world = new World();
    let isLost = false;
    world.store.after = (call) => {
      if (call !== 'create' || isLost) return;
      isLost = true;
      throw new Error('ECONNRESET');
    };
    const visit = await world.visit(undefined);
    const { session } = visit;
    session.cart = [1];
    const { id } = session;
    await expect(session.save()).rejects.toMatchObject({ statusCode: 503 });
    session.cart = [2];
    await session.save();
    expect(session.id).not.toBe(id);
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({ cart: [2] });
  });

  it('does not make it take over a row that somebody else has under its id', async () => {
    const world = new World({ ids: new KeyedIds(() => 'always-the-same') });
    await world.begin({ secret: 'of somebody else' });
    world.store.losesAnswer = () => true;
    await expect(world.request(undefined, (session) => (session.mine = 1))).rejects.toMatchObject({
      code: 'SESSION_DATA_INVALID',
    });
    expect(world.data).toEqual({ secret: 'of somebody else' });
  });
});

describe('a touch whose answer is lost', () => {
  it('is made, and the request goes on', async () => {
    const { world, token } = await losing('update');
    world.now += MINUTE;
    const { version } = world.store.row;
    await world.request(token);
    expect(world.store.row).toMatchObject({ version, lastSeenAt: world.now });
    expect(world.store.asked('update')).toBeLessThanOrEqual(2);
  });

  it('hands on the new id of a scheduled renewal all the same', async () => {
    const world = new World({ lifetimes: { rotateInterval: HOUR } });
    const old = await world.begin();
    world.now += HOUR;
    const { token } = await world.request(old);
    let isLost = false;
    world.store.losesAnswer = () => !isLost && (isLost = true);
    expect((await world.request(old)).commit).toEqual({ cookie: 'set', token });
  });
});

describe('an end whose answer is lost', () => {
  it('is an end', async () => {
    const { world, token } = await losing('delete');
    const { commit } = await world.request(token, (session) => session.logout());
    expect([commit, world.store.rows.size]).toEqual([{ cookie: 'clear' }, 0]);
  });
});
