import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkedId, KeyedIds, partsOf } from '../../../../lib/core/record/session-id.js';
import { counterOf } from '../../../../lib/core/record/session-record.js';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';
import { type AnySession, DAY, HOUR, MINUTE, SECOND, World } from '../support/world.js';
import { runs } from '../../../support/property.js';

describe('a session that got data', () => {
  it('is stored before its cookie is answered', async () => {
    const world = new World();
    const written = defer();
    world.store.before = () => written.promise;
    const visit = await world.visit(undefined);
    visit.session.cart = [1];
    const commit = visit.commit();
    expect(await Promise.race([commit, turns().then(() => 'waiting')])).toBe('waiting');
    written.resolve();
    expect(await commit).toEqual({ cookie: 'set', token: `ok:${visit.session.id}` });
    expect(world.data).toEqual({ cart: [1] });
    expect(world.happened).toEqual(['created']);
  });

  it('keeps what the record needs, and no more', async () => {
    const world = new World();
    const token = await world.begin({ userId: 42 }, { ip: '198.51.100.7', userAgent: 'Browser/2' });
    const { version, ...record } = world.store.row;
    expect(counterOf(version)).toBe(1);
    expect(record).toEqual({
      ...partsOf(token.slice(3)),
      previousToken: null,
      previousUntil: null,
      epoch: 1,
      data: '{"userId":42}',
      meta: null,
      userId: '42',
      reference: null,
      createdAt: world.now,
      lastSeenAt: world.now,
      expiresAt: world.now + DAY,
      authenticatedAt: null,
      ip: '198.51.100.7',
      userAgent: 'Browser/2',
    });
  });

  it('is not stored and gets no cookie where no cookie can be sent', async () => {
    for (const hindrance of [{ secure: false }, { headersSent: true }]) {
      const world = new World();
      const { commit } = await world.request(undefined, (session) => (session.cart = [1]), hindrance);
      expect(commit).toEqual({ cookie: 'none' });
      expect(world.store.rows.size).toBe(0);
    }
  });

  it('fails the request when the store fails, and a second commit stores it', async () => {
    const world = new World();
    const visit = await world.visit(undefined);
    visit.session.cart = [1];
    world.store.before = () => Promise.reject(new Error('down'));
    await expect(visit.commit()).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect(await visit.commit()).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({ cart: [1] });
  });

  it('does not take over a row that has its id already', async () => {
    const world = new World({ ids: new KeyedIds(() => 'always-the-same') });
    await world.begin({ secret: 'of somebody else' });
    await expect(world.request(undefined, (session) => (session.mine = 1))).rejects.toMatchObject({
      code: 'SESSION_DATA_INVALID',
      message: expect.stringContaining('"genid"'),
    });
    expect(world.data).toEqual({ secret: 'of somebody else' });
  });

  it.each([undefined, '', 'a b', 'a\r\nSet-Cookie: x=y', 'x'.repeat(257), 42])(
    'is refused where genid gives %p',
    async (id) => {
      const world = new World({ ids: new KeyedIds(() => checkedId(id)) });
      await expect(world.request(undefined, (session) => (session.a = 1))).rejects.toMatchObject({
        code: 'SESSION_DATA_INVALID',
      });
      expect(world.store.calls).toEqual([]);
    },
  );
});

describe('an unchanged session', () => {
  it('is not written until the touch interval has passed, and answers at once', async () => {
    const world = new World({ lifetimes: { touchInterval: MINUTE } });
    const token = await world.begin();
    const { version } = world.store.row;
    for (let second = 0; second < 59; second++) {
      world.now += SECOND;
      const visit = await world.visit(token);
      expect(visit.session.cart).toEqual([1]);
      expect(world.engine.commit(visit.state)).toEqual({ cookie: 'none' });
    }
    expect(world.store.asked('update')).toBe(0);
    world.now += SECOND;
    await world.request(token);
    expect(world.store.asked('update')).toBe(1);
    expect(world.store.row).toMatchObject({
      version,
      lastSeenAt: world.now,
      expiresAt: world.now + DAY,
    });
  });

  it.each<[string, (session: AnySession) => unknown]>([
    ['save()', (session) => session.save()],
    ['touch()', (session) => session.touch()],
    ['a change', (session) => (session.n = 1)],
  ])('is not seen earlier by %s on an instance whose clock is behind', async (_call, work) => {
    const world = new World();
    const token = await world.begin();
    const { lastSeenAt, expiresAt } = world.store.row;
    const behind = world.another({ now: () => world.now - HOUR });
    await behind.request(token, work);
    expect(world.store.row).toMatchObject({ lastSeenAt, expiresAt });
  });

  it('is touched at once when the application asks, within the interval', async () => {
    const world = new World();
    const token = await world.begin();
    const { version } = world.store.row;
    world.now += SECOND;
    await world.request(token, (session) => session.touch());
    expect(world.store.row).toMatchObject({ version, lastSeenAt: world.now });
  });

  it('stays unchanged when it is rewritten with equal values', async () => {
    const world = new World();
    const token = await world.begin({ cart: [{ id: 1 }], name: 'x' });
    await world.request(token, (session) => {
      session.cart = [{ id: 1 }];
      session.name = 'x';
    });
    expect(world.store.asked('update')).toBe(0);
  });

  it('is written by every request with resave', async () => {
    const world = new World({ resave: true });
    const token = await world.begin();
    await world.request(token);
    expect(counterOf(world.store.row.version)).toBe(2);
  });

  it('that holds nothing is stored with saveUninitialized', async () => {
    const world = new World({ saveUninitialized: true });
    const { commit } = await world.request(undefined);
    expect(commit).toMatchObject({ cookie: 'set' });
    expect(world.data).toEqual({});
  });

  it('tells who was seen where, when it is touched', async () => {
    const world = new World();
    const token = await world.begin();
    await world.request(token, () => undefined, { ip: '198.51.100.9', userAgent: 'Other/3' });
    expect(world.store.row).toMatchObject({ ip: '192.0.2.1' });
    await world.request(token, (session) => (session.a = 1), { ip: '198.51.100.9', userAgent: 'Other/3' });
    expect(world.store.row).toMatchObject({ ip: '192.0.2.1', userAgent: 'Test/1.0' });
    world.now += MINUTE;
    await world.request(token, () => undefined, { ip: '198.51.100.9', userAgent: 'Other/3' });
    expect(world.store.row).toMatchObject({ ip: '198.51.100.9', userAgent: 'Other/3' });
    world.store.vandalize({ ip: null, userAgent: null });
    await world.request(token, (session) => (session.a = 2));
    expect(world.store.row).toMatchObject({ ip: '192.0.2.1', userAgent: 'Test/1.0' });
  });
});

describe('a changed session', () => {
  it.each([
    ['assigned', (cart: { n: number }[]) => void cart.push({ n: 2 })],
    ['deeply changed', (cart: { n: number }[]) => void (cart[0]!.n = 7)],
  ])('is written when a value was %s', async (_, change) => {
    const world = new World();
    const token = await world.begin({ cart: [{ n: 1 }] });
    await world.request(token, (session) => change(session.cart as { n: number }[]));
    expect(counterOf(world.store.row.version)).toBe(2);
    expect(await world.peek(token)).not.toEqual({ cart: [{ n: 1 }] });
  });

  it('loses keys that were deleted, or set to undefined', async () => {
    const world = new World();
    const token = await world.begin({ a: 1, b: 2, c: 3 });
    await world.request(token, (session) => {
      delete session.a;
      session.b = undefined;
    });
    expect(world.data).toEqual({ c: 3 });
  });

  it('that lost everything is still a session', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    await world.request(token, (session) => delete session.a);
    expect(await world.peek(token)).toEqual({});
  });

  it('is indexed by its user, whoever that is', async () => {
    const world = new World();
    const token = await world.begin({ userId: 'ada' });
    expect(world.store.row.userId).toBe('ada');
    await world.request(token, (session) => (session.userId = 7));
    expect(world.store.row.userId).toBe('7');
    for (const nobody of [null, '', {}, ['ada'], NaN, 'x'.repeat(256), true]) {
      await world.request(token, (session) => {
        session.userId = Number.isNaN(nobody) ? undefined : nobody;
      });
      expect(world.store.row.userId).toBeNull();
    }
  });

  it('is not written where it holds what JSON cannot, and says where', async () => {
    const world = new World();
    const token = await world.begin();
    for (const bad of [1n, NaN, new Map(), () => 1, Symbol('s'), [undefined]]) {
      const failing = world.request(token, (session) => (session.bad = bad));
      await expect(failing).rejects.toMatchObject({
        code: 'SESSION_DATA_INVALID',
        message: expect.stringContaining('"bad"'),
      });
    }
    expect(world.store.asked('update')).toBe(0);
  });

  it('may hold as many bytes as allowed, and not one more', async () => {
    const world = new World({ maxDataBytes: 100 });
    const fits = '€'.repeat(30) + 'a'.repeat(2); // 92 bytes and {"a":""}
    await world.begin({ a: fits });
    expect(Buffer.byteLength(world.store.row.data)).toBe(100);
    await expect(world.begin({ a: `${fits}b` })).rejects.toMatchObject({
      code: 'SESSION_DATA_INVALID',
      message: expect.stringContaining('101 bytes, more than the 100 bytes'),
    });
  });

  it('that is as large as allowed can still be renewed, touched and signed in', async () => {
    const world = new World({ maxDataBytes: 100, lifetimes: { rotateInterval: HOUR } });
    const token = await world.begin({ a: 'x'.repeat(92) });
    world.now += HOUR;
    const { token: renewed } = await world.request(token);
    expect(renewed).not.toBe(token);
    const { token: rotated } = await world.request(renewed, (session) => session.rotate());
    expect(await world.peek(rotated)).toEqual({ a: 'x'.repeat(92) });
  });

  it('that was stored when more was allowed is no outage: only more of it is refused', async () => {
    const { store, now, token } = await (async () => {
      const before = new World();
      return { store: before.store, token: await before.begin({ a: 'x'.repeat(500) }), now: before.now };
    })();
    const world = new World({ store, maxDataBytes: 100, lifetimes: { rotateInterval: HOUR } });
    world.now = now + HOUR;
    const { token: renewed } = await world.request(token);
    expect(await world.peek(renewed)).toBeDefined();
    const growing = world.request(renewed, (session) => (session.b = 1));
    await expect(growing).rejects.toMatchObject({ code: 'SESSION_DATA_INVALID' });
    await world.request(renewed, (session) => (session.a = 'y'.repeat(500)));
    expect(world.data).toEqual({ a: 'y'.repeat(500) });
    await world.request(renewed, (session) => (session.a = 'less'));
    expect(world.data).toEqual({ a: 'less' });
  });

  it('may not hold more by way of flash values', async () => {
    const world = new World({ maxDataBytes: 1_000 });
    const token = await world.begin();
    const failing = world.request(token, (session) => session.flash('notice', 'x'.repeat(2_000)));
    await expect(failing.then(() => 'stored')).rejects.toMatchObject({ code: 'SESSION_DATA_INVALID' });
  });

  it('keeps what the application changes while the write is under way, for the next write', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    const visit = await world.visit(token);
    const written = defer();
    world.store.before = () => written.promise;
    visit.session.a = 2;
    const saved = visit.session.save();
    await turns();
    visit.session.b = 3;
    written.resolve();
    await saved;
    expect(world.data).toEqual({ a: 2 });
    await visit.commit();
    expect(world.data).toEqual({ a: 2, b: 3 });
  });
});

describe('any JSON value', () => {
  it('in a session comes back as it was written, under any key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.oneof(
            fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', '\0', '\ud800', '0', ''),
            fc.string({ unit: 'binary' }),
          ),
          fc.jsonValue(),
          { minKeys: 1, noNullPrototype: true },
        ),
        async (given) => {
          const data = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
          const world = new World();
          const { token } = await world.request(undefined, (session) => Object.assign(session, data));
          const { session } = await world.visit(token);
          expect(JSON.stringify(sorted(session))).toBe(JSON.stringify(sorted(data)));
          await world.request(token);
          expect(counterOf(world.store.row.version)).toBe(1);
        },
      ),
      runs(40),
    );
  });
});

function sorted(given: object): unknown {
  return Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
}
