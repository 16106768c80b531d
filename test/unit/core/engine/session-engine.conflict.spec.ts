import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defer } from '../support/deferred.js';
import { turns } from '../support/fake-clock.js';
import { FakeStore } from '../support/fake-store.js';
import { type AnySession, MINUTE, World } from '../support/world.js';
import { runs } from '../../../support/property.js';

/** Two processes with one store: writers that cannot see each other. */
async function twoProcesses(data: object): Promise<{ one: World; two: World; token: string }> {
  const store = new FakeStore();
  const [one, two] = [new World({ store }), new World({ store })];
  const token = await one.begin(data);
  return { one, two, token };
}

describe.each([
  ['of one process', (world: World) => world],
  ['of two processes', (world: World) => new World({ store: world.store })],
])('two requests %s at the same time', (_, other) => {
  it('that change different keys both win', async () => {
    const world = new World();
    const token = await world.begin({ a: 1, b: 1, c: 1 });
    const [one, two] = [await world.visit(token), await other(world).visit(token)];
    one.session.a = 2;
    one.session.new1 = true;
    two.session.b = 2;
    delete two.session.c;
    await Promise.all([one.commit(), two.commit()]);
    expect(world.data).toEqual({ a: 2, b: 2, new1: true });
  });

  it('that change the same key: the later one wins', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    const [one, two] = [await world.visit(token), await other(world).visit(token)];
    one.session.a = 'one';
    two.session.a = 'two';
    await one.commit();
    await two.commit();
    expect(world.data).toEqual({ a: 'two' });
  });

  it('of which one takes longer than the idle timeout, while others keep the session alive: no change is lost', async () => {
    const world = new World({ lifetimes: { idleTimeout: 30 * MINUTE } });
    const token = await world.begin({ count: 0 });
    const second = other(world);
    const [slow, counting] = [await world.visit(token), await world.visit(token)];
    for (let i = 0; i < 3; i++) {
      world.now = second.now += 15 * MINUTE;
      await second.request(token);
    }
    const late = await second.visit(token);
    slow.session.slow = true;
    late.session.late = true;
    await Promise.all([
      slow.commit(),
      late.session.save(),
      counting.session.update((session) => (session.count = (session.count as number) + 1)),
    ]);
    expect(world.data).toEqual({ count: 1, slow: true, late: true });
  });

  it('of which one ends the session: the change of the other is dropped (CVE-2025-46336)', async () => {
    const world = new World();
    const token = await world.begin({ userId: 'ada' });
    const [slow, logout] = [await world.visit(token), await other(world).visit(token)];
    slow.session.cart = ['late'];
    await logout.session.logout();
    expect(await slow.commit()).toEqual({ cookie: 'none' });
    expect(world.store.rows.size).toBe(0);
    expect(world.store.asked('create')).toBe(0);
  });

  it('of which one ends the session while the other is just writing: it ends', async () => {
    const world = new World();
    const token = await world.begin({ userId: 'ada' });
    const [slow, logout] = [await world.visit(token), await other(world).visit(token)];
    slow.session.cart = ['late'];
    await Promise.all([slow.commit(), logout.session.logout()]);
    expect(world.store.rows.size).toBe(0);
  });

  it('that increment with update() count both', async () => {
    const world = new World();
    const token = await world.begin({ n: 0 });
    const [one, two] = [await world.visit(token), await other(world).visit(token)];
    const increment = (session: AnySession): number => (session.n = (session.n as number) + 1);
    const results = await Promise.all([one.session.update(increment), two.session.update(increment)]);
    expect(results.sort()).toEqual([1, 2]);
    expect(world.data).toEqual({ n: 2 });
  });

  it('that add flash values keep both', async () => {
    const world = new World();
    const token = await world.begin();
    const [one, two] = [await world.visit(token), await other(world).visit(token)];
    one.session.flash('notice', 1);
    two.session.flash('notice', 2);
    await Promise.all([one.commit(), two.commit()]);
    const { session } = await world.visit(token);
    expect(session.flash('notice').sort()).toEqual([1, 2]);
  });

  it('of which one only touches lose nothing', async () => {
    const world = new World();
    const token = await world.begin({ a: 1 });
    world.now += MINUTE;
    const second = other(world);
    second.now = world.now;
    const [touch, change] = [await world.visit(token), await second.visit(token)];
    change.session.a = 2;
    await Promise.all([change.commit(), touch.commit()]);
    expect(world.data).toEqual({ a: 2 });
    expect(world.store.row.lastSeenAt).toBe(world.now);
  });
});

describe('a hundred increments at once', () => {
  it('count a hundred, and in one process cost a write each and no conflict', async () => {
    const world = new World();
    const token = await world.begin({ n: 0 });
    const visits = await Promise.all(Array.from({ length: 100 }, () => world.visit(token)));
    await Promise.all(visits.map(({ session }) => session.update((own) => (own.n = (own.n as number) + 1))));
    expect(world.data).toEqual({ n: 100 });
    expect(world.store.asked('update')).toBe(100);
  });

  it('count a hundred, from ten processes, too', async () => {
    const store = new FakeStore();
    const worlds = Array.from({ length: 10 }, () => new World({ store }));
    const token = await worlds[0]!.begin({ n: 0 });
    const visits = await Promise.all(Array.from({ length: 100 }, (_, i) => worlds[i % 10]!.visit(token)));
    await Promise.all(visits.map(({ session }) => session.update((own) => (own.n = (own.n as number) + 1))));
    expect(worlds[0]!.data).toEqual({ n: 100 });
  });
});

describe('concurrent changes of any kind', () => {
  const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
  const edits = fc.dictionary(key, fc.option(fc.integer(), { nil: undefined }), { noNullPrototype: true });

  it('merge key by key, the later writer winning', async () => {
    await fc.assert(
      fc.asyncProperty(edits, edits, edits, async (begin, first, second) => {
        const { one, two, token } = await twoProcesses({ ...begin, always: 1 });
        const [visit1, visit2] = [await one.visit(token), await two.visit(token)];
        const expected = new Map(Object.entries(JSON.parse(one.store.row.data) as object));
        for (const [visit, changes] of [
          [visit1, first],
          [visit2, second],
        ] as const) {
          for (const [name, value] of Object.entries(changes)) {
            const isChange = JSON.stringify(visit.session[name]) !== JSON.stringify(value);
            if (value === undefined) delete visit.session[name];
            else visit.session[name] = value;
            if (!isChange) continue;
            if (value === undefined) expected.delete(name);
            else expected.set(name, value);
          }
          await visit.commit();
        }
        const stored = Object.entries(one.data as object);
        expect(stored.sort()).toEqual([...expected].sort());
      }),
      runs(60),
    );
  });
});

describe('a row that is spoilt by somebody else in the middle of a request', () => {
  it('ends the session, with an event and without an error', async () => {
    const { one, token } = await twoProcesses({ a: 1 });
    const visit = await one.visit(token);
    visit.session.a = 2;
    one.store.vandalize({ data: 'nonsense', version: 9 });
    one.events.length = 0;
    expect(await visit.commit()).toEqual({ cookie: 'none' });
    expect(one.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
    expect(one.store.row.data).toBe('nonsense');
  });
});

describe('a slow writer', () => {
  it('of one session does not hold up another session', async () => {
    const world = new World();
    const [slow, fast] = [await world.begin({ a: 1 }), await world.begin({ b: 1 })];
    const held = defer();
    const [slowVisit, fastVisit] = [await world.visit(slow), await world.visit(fast)];
    const slowKey = slowVisit.session.handle;
    world.store.before = (_call, keys) => (keys.includes(slowKey) ? held.promise : undefined);
    slowVisit.session.a = 2;
    const committed = slowVisit.commit();
    await turns();
    fastVisit.session.b = 2;
    await fastVisit.commit();
    held.resolve();
    await committed;
  });
});
