import { describe, expect, it } from '@jest/globals';
import { KeyedIds, partsOf } from '../../../../lib/core/record/session-id.js';
import { cookieLifeOf } from '../../../../lib/core/request/session-life.js';
import { DAY, HOUR, MINUTE, SECOND, keyIn, Visit, World } from '../support/world.js';

describe('a visitor without a cookie', () => {
  it('gets a session without the store being asked, and without waiting', () => {
    const world = new World();
    const opened = world.engine.open([], {} as never);
    expect(opened).not.toBeInstanceOf(Promise);
    expect(world.store.calls).toEqual([]);
  });

  it('whose session holds nothing costs no row, no cookie and no id', async () => {
    let ids = 0;
    const world = new World({ ids: new KeyedIds(() => `id-${++ids}`) });
    const { commit } = await world.request(undefined, (session) => void Object.keys(session));
    expect(commit).toEqual({ cookie: 'none' });
    expect(world.store.calls).toEqual([]);
    expect([ids, world.happened]).toEqual([0, []]);
  });
});

describe('a cookie whose session is stored', () => {
  it('finds it by the key in its id: the store never sees an id (CVE-2019-16782)', async () => {
    const world = new World();
    const token = await world.begin({ cart: ['book'] });
    const { session } = await world.visit(token);
    const [key, secret] = token.slice(3).split('~');
    expect({ ...session }).toEqual({ cart: ['book'] });
    expect(session).toMatchObject({ isNew: false, id: token.slice(3), handle: key });
    expect(world.store.calls).toEqual([{ call: 'read', keys: [key] }]);
    expect(JSON.stringify([...world.store.rows])).not.toContain(secret);
    expect(world.happened).toEqual(['loaded']);
  });

  it('is the first valid one of several', async () => {
    const world = new World();
    const token = await world.begin({ cart: [1] });
    const { session } = await world.visit(['forged:x', token, 'ok:other']);
    expect(session.cart).toEqual([1]);
    expect(world.store.calls).toHaveLength(1);
    expect(world.happened).toEqual(['loaded']);
  });
});

describe('a cookie that is not accepted', () => {
  it('never reaches the store when its signature does not hold', async () => {
    const world = new World();
    const { session } = await world.visit(['forged:x', 'nonsense']);
    expect(session.isNew).toBe(true);
    expect(world.store.calls).toEqual([]);
    expect(world.events).toEqual([{ type: 'rejected', at: new Date(world.now), reason: 'signature' }]);
  });

  it('never has its id adopted when the store does not know it', async () => {
    const world = new World();
    const { session, token } = await world
      .request('ok:fixated', (own) => (own.cart = [1]))
      .then(async (answer) => ({ ...answer, session: (await world.visit(answer.token)).session }));
    expect(token).not.toBe('ok:fixated');
    expect(session.cart).toEqual([1]);
    expect(world.store.row.key).not.toBe(partsOf('fixated').key);
    expect(world.events[0]).toEqual({
      type: 'rejected',
      at: new Date(world.now),
      reason: 'unknown',
      handle: partsOf('fixated').key,
    });
  });

  it('is checked ten times at most, however many values there are', async () => {
    const world = new World();
    const checked: string[] = [];
    function* values(): Generator<string> {
      for (let value = 0; value < 1_000; value++) {
        checked.push(`bad:${value}`);
        yield `bad:${value}`;
      }
    }
    const visit = new Visit(world.engine, {});
    await world.engine.open(values(), visit);
    expect(checked.length).toBeLessThanOrEqual(11); // the one too many is not looked at
  });

  it('makes no row and gets no new cookie, a thousand times', async () => {
    const world = new World();
    for (let index = 0; index < 1_000; index++) {
      const { commit } = await world.request(`ok:bogus-${index}`, async (session) => {
        if (index % 2 === 0) await session.logout();
      });
      expect(commit.cookie).not.toBe('set');
    }
    expect(world.store.rows.size).toBe(0);
    expect(world.store.asked('create', 'update', 'delete')).toBe(0);
  });

  it('of an expired session finds nothing, and leaves the row to those who prune', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR } });
    const token = await world.begin({ userId: 'ada' });
    world.now += HOUR;
    const { session } = await world.visit(token);
    expect([session.isNew, { ...session }]).toEqual([true, {}]);
    expect(world.events).toMatchObject([{ type: 'rejected', reason: 'expired', userId: 'ada' }]);
    expect(world.store.calls.map(({ call }) => call)).toEqual(['read']);
    expect(world.store.rows.size).toBe(1);
  });

  it('of an expired session begins a session under a key of its own', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR } });
    const old = await world.begin({ userId: 'ada' });
    world.now += HOUR;
    const { token } = await world.request(old, (session) => (session.cart = [1]));
    expect(await world.peek(token)).toEqual({ cart: [1] });
    expect(keyIn(token)).not.toBe(keyIn(old));
    expect(world.store.rows.size).toBe(2);
  });
});

describe('a row that cannot be read', () => {
  it.each(['', 'nonsense', '[]', 'null', '"text"', '{"a":'])(
    'in its data (%j) gives a fresh session, an event, and no error for ever',
    async (data) => {
      const world = new World();
      const token = await world.begin();
      const old = world.store.row.key;
      world.store.vandalize({ data });
      const answer = await world.request(token, (session) => {
        expect([session.isNew, { ...session }]).toEqual([true, {}]);
        session.cart = ['new'];
      });
      expect(world.events.map((event) => ('reason' in event ? event.reason : event.type))).toEqual([
        'loaded',
        'corrupt',
        'created',
      ]);
      expect(answer.token).not.toBe(token);
      expect(world.store.rows.get(old)!.data).toBe(data);
      expect(await world.peek(answer.token)).toEqual({ cart: ['new'] });
    },
  );

  it.each(['nonsense', '[]', '7'])('in its meta (%j) gives a fresh session and an event', async (meta) => {
    const world = new World();
    const token = await world.begin();
    world.store.vandalize({ meta });
    const { session } = await world.visit(token);
    expect([session.isNew, { ...session }]).toEqual([true, {}]);
    expect(world.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
  });

  it('in its sealed successor gives a fresh session and an event', async () => {
    const world = new World({ lifetimes: { rotateInterval: HOUR } });
    const old = await world.begin();
    world.now += HOUR;
    await world.request(old);
    const meta = JSON.parse(world.store.row.meta!) as { rotation: { successor: string } };
    meta.rotation.successor = meta.rotation.successor.slice(0, -4) + 'AAAA';
    world.store.vandalize({ meta: JSON.stringify(meta) });
    world.events.length = 0;
    const { session } = await world.visit(old);
    expect(session.isNew).toBe(true);
    expect(world.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
  });

  it('is left alone by a request that does not look', async () => {
    const world = new World();
    const token = await world.begin();
    world.store.vandalize({ data: 'nonsense' });
    const visit = await world.visit(token);
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(world.store.row.data).toBe('nonsense');
  });
});

describe('a store that fails to load', () => {
  const broken = (call: string): unknown => (call === 'read' ? Promise.reject(new Error('down')) : undefined);

  it('fails the request', async () => {
    const world = new World();
    const token = await world.begin();
    world.store.before = broken;
    await expect(world.visit(token)).rejects.toMatchObject({ statusCode: 503 });
  });

  describe('with onStoreError: anonymous', () => {
    it('gives an empty session that is never stored, and overwrites nothing', async () => {
      const world = new World({
        onStoreError: 'anonymous',
        saveUninitialized: true,
        resave: true,
        rolling: 'always',
      });
      const token = await world.begin({ cart: ['precious'] });
      world.store.before = broken;
      const visit = await world.visit(token);
      world.store.before = () => undefined;
      expect({ ...visit.session }).toEqual({});
      visit.session.cart = [];
      visit.session.flash('notice', 'lost');
      expect(await visit.commit()).toEqual({ cookie: 'none' });
      expect(await visit.commit()).toEqual({ cookie: 'none' });
      expect(world.store.asked('create', 'update', 'delete')).toBe(0);
      expect(await world.peek(token)).toEqual({ cart: ['precious'] });
    });

    it.each(['save', 'reload', 'rotate', 'logout', 'destroy', 'regenerate'] as const)(
      'has %s() fail with the store’s error, rather than pretend',
      async (method) => {
        const world = new World({ onStoreError: 'anonymous' });
        const token = await world.begin();
        world.store.before = broken;
        const visit = await world.visit(token);
        world.store.before = () => undefined;
        await expect(visit.session[method]()).rejects.toMatchObject({ statusCode: 503 });
        expect(await visit.commit()).toEqual({ cookie: 'none' });
        expect(world.store.rows.size).toBe(1);
      },
    );

    it('has login() and update() fail, too', async () => {
      const world = new World({ onStoreError: 'anonymous' });
      const token = await world.begin();
      world.store.before = broken;
      const { session } = await world.visit(token);
      await expect(session.login('ada')).rejects.toMatchObject({ statusCode: 503 });
      await expect(session.update(() => 1)).rejects.toMatchObject({ statusCode: 503 });
      expect({ ...session }).toEqual({});
    });

    it('lets errors that are not the store’s through', async () => {
      const own = new TypeError('a mistake in the clock');
      const world = new World({
        onStoreError: 'anonymous',
        now: () => {
          throw own;
        },
      });
      await expect(world.visit('ok:x')).rejects.toBe(own);
    });
  });
});

describe('how long a session lives', () => {
  it('is the idle timeout after it was last seen, touched or not', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR, touchInterval: MINUTE } });
    const token = await world.begin();
    world.now += HOUR - SECOND;
    await world.request(token);
    world.now += HOUR - SECOND;
    expect(await world.peek(token)).toBeDefined();
    world.now += SECOND;
    expect(await world.peek(token)).toBeUndefined();
  });

  it('is the absolute timeout at most, however active it is (ASVS 7.3.2)', async () => {
    const world = new World({
      lifetimes: { idleTimeout: HOUR, absoluteTimeout: DAY, touchInterval: MINUTE },
    });
    const born = world.now;
    let token: string | undefined = await world.begin();
    for (let minutes = 30; minutes < 24 * 60; minutes += 30) {
      world.now = born + minutes * MINUTE;
      ({ token } = await world.request(token, async (session) => {
        session.clicks = minutes;
        session.touch();
        if (minutes % 300 === 0) await session.rotate();
        if (minutes % 420 === 0) await session.save();
      }));
      expect(world.store.row.expiresAt).toBeLessThanOrEqual(born + DAY);
    }
    world.now = born + DAY - 1;
    expect(await world.peek(token)).toBeDefined();
    world.now = born + DAY;
    expect(await world.peek(token)).toBeUndefined();
  });

  it('is the absolute timeout of today’s settings, for sessions stored under longer ones, too', async () => {
    const { store, now, token } = await storedUnder({ absoluteTimeout: 30 * DAY, idleTimeout: 30 * DAY });
    const world = new World({ store, lifetimes: { absoluteTimeout: DAY, idleTimeout: 30 * DAY } });
    world.now = now + DAY;
    expect(await world.peek(token)).toBeUndefined();
  });

  it.each([
    ['nothing else', {}],
    ['flash values', { flash: true }],
  ])(
    'is the idle timeout of today’s settings, for a session stored under a longer one with %s',
    async (_, { flash }: { flash?: boolean }) => {
      const { store, now, token } = await storedUnder({ idleTimeout: 30 * DAY }, flash);
      const world = new World({ store, lifetimes: { idleTimeout: HOUR } });
      world.now = now + HOUR;
      expect(await world.peek(token)).toBeUndefined();
    },
  );

  it('may be without an absolute end', async () => {
    const world = new World({ lifetimes: { idleTimeout: DAY, absoluteTimeout: false } });
    const token = await world.begin();
    for (let day = 0; day < 400; day++) {
      world.now += DAY - 1;
      await world.request(token);
    }
    expect(await world.peek(token)).toBeDefined();
  });

  async function storedUnder(
    lifetimes: object,
    flash = false,
  ): Promise<{ store: World['store']; now: number; token: string }> {
    const world = new World({ lifetimes });
    const token = await world.begin();
    if (flash) await world.request(token, (session) => session.flash('notice', 1));
    return { store: world.store, now: world.now, token };
  }
});

describe('a session with a cookie life of its own', () => {
  const cookie = { httpOnly: true, secure: true, path: '/', maxAge: HOUR } as const;

  it('has that as its idle timeout', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR } });
    const { token } = await world.request(
      undefined,
      (session) => {
        session.userId = 'ada';
        session.cookie.maxAge = 7 * DAY;
      },
      { cookie },
    );
    world.now += 6 * DAY;
    await world.request(token, () => undefined, { cookie });
    world.now += 6 * DAY;
    expect(await world.peek(token)).toEqual({ userId: 'ada' });
    expect(world.store.row.expiresAt).toBe(world.now + DAY);
    world.now += DAY;
    expect(await world.peek(token)).toBeUndefined();
  });

  it('still ends at the absolute deadline, and so does its cookie', async () => {
    const world = new World({ lifetimes: { idleTimeout: HOUR, absoluteTimeout: 10 * DAY } });
    const { visit } = await world.request(undefined, (session) => {
      session.userId = 'ada';
      session.cookie.maxAge = 365 * DAY;
    });
    expect(world.store.row.expiresAt).toBe(world.now + 10 * DAY);
    expect(cookieLifeOf(visit.state)).toEqual({ maxAge: 10 * DAY, expires: new Date(world.now + 10 * DAY) });
  });

  it('that is short is touched often enough not to end in use', async () => {
    const world = new World({ lifetimes: { touchInterval: HOUR } });
    const { token } = await world.request(undefined, (session) => {
      session.a = 1;
      session.cookie.maxAge = 10 * SECOND;
    });
    for (let second = 0; second < 60; second += 5) {
      expect(await world.peek(token)).toBeDefined();
      await world.request(token);
      world.now += 5 * SECOND;
    }
  });

  it('follows the cookie settings of the request where no idle timeout was set', async () => {
    const world = new World({ idleFollowsCookie: true, lifetimes: { idleTimeout: DAY } });
    const token = await world.begin({ a: 1 }, { cookie });
    expect(world.store.row.expiresAt).toBe(world.now + HOUR);
    world.now += HOUR;
    expect(await world.peek(token)).toBeUndefined();
  });
});
