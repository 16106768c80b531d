import { describe, expect, it } from '@jest/globals';
import { counterOf } from '../../../lib/core/record/session-record.js';
import { csrfTokenOf, isCsrfTokenOf } from '../../../lib/core/session-access.js';
import { World } from './support/world.js';

/** Which of these tokens the session's next request finds good. */
async function verdicts(world: World, cookie: string, tokens: readonly string[]): Promise<boolean[]> {
  const { session } = await world.visit(cookie);
  return tokens.map((token) => isCsrfTokenOf(session, token));
}

describe.each([
  ['of one process', (world: World) => world],
  ['of two processes', (world: World) => new World({ store: world.store })],
])('requests %s that have read the same session', (_, other) => {
  it('and then ask for tokens get tokens of one secret, written once', async () => {
    const world = new World();
    const cookie = await world.begin();
    const [one, two] = [await world.visit(cookie), await other(world).visit(cookie)];
    const tokens = [await csrfTokenOf(one.session), await csrfTokenOf(two.session)];
    await one.commit();
    await two.commit();
    expect(await verdicts(world, cookie, tokens)).toEqual([true, true]);
    expect(counterOf(world.store.row.version)).toBe(2);
  });

  it('and ask for several at once get none that another one has outrun', async () => {
    const world = new World();
    const cookie = await world.begin();
    const [one, two] = [await world.visit(cookie), await other(world).visit(cookie)];
    const first = await csrfTokenOf(one.session);
    const later = await Promise.all([csrfTokenOf(two.session), csrfTokenOf(two.session)]);
    expect(await verdicts(world, cookie, [first, ...later])).toEqual([true, true, true]);
  });

  it('of which one changes data that the other has not seen keep both', async () => {
    const world = new World();
    const cookie = await world.begin({ a: 1 });
    const [one, two] = [await world.visit(cookie), await other(world).visit(cookie)];
    one.session.b = 2;
    two.session.c = 3;
    await one.commit();
    const token = await csrfTokenOf(two.session);
    await two.commit();
    expect(world.data).toEqual({ a: 1, b: 2, c: 3 });
    expect(await verdicts(world, cookie, [token])).toEqual([true]);
  });

  it('of which one signs in leave the other no token that would outlive it', async () => {
    const world = new World();
    const cookie = await world.begin();
    const [one, two] = [await world.visit(cookie), await other(world).visit(cookie)];
    const before = await csrfTokenOf(one.session);
    await one.session.login('ada');
    const after = (await one.commit()) as { token: string };
    await expect(csrfTokenOf(two.session)).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(await verdicts(world, after.token, [before])).toEqual([false]);
    expect(world.store.row.meta).not.toContain('csrf');
  });
});

describe('the secret', () => {
  it('that could not be stored is not tried again behind the application’s back', async () => {
    const world = new World();
    const visit = await world.visit(await world.begin());
    world.store.before = () => {
      throw new Error('down');
    };
    await expect(csrfTokenOf(visit.session)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    world.store.before = () => undefined;
    await visit.commit();
    expect(world.store.row.meta).toBeNull();
    expect(await verdicts(world, `ok:${visit.session.id}`, [await csrfTokenOf(visit.session)])).toEqual([
      true,
    ]);
  });

  it('that a login could not replace stays', async () => {
    const world = new World();
    const cookie = await world.begin();
    const visit = await world.visit(cookie);
    const token = await csrfTokenOf(visit.session);
    world.store.before = (call) => {
      if (call === 'update') throw new Error('down');
    };
    await expect(visit.session.login('ada')).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(isCsrfTokenOf(visit.session, token)).toBe(true);
  });

  it('is kept beside flash values, and by what only touches or renews the session', async () => {
    const world = new World({ lifetimes: { rotateInterval: 3_600_000 } });
    const cookie = await world.begin();
    const { visit } = await world.request(cookie, (session) => session.flash('notice', 'hello'));
    const token = await csrfTokenOf(visit.session);
    world.now += 120_000;
    await world.request(cookie);
    world.now += 7_200_000;
    const renewed = await world.request(cookie, (session) => (session.seen = true));
    expect(renewed.token).not.toBe(cookie);
    expect(await verdicts(world, renewed.token!, [token])).toEqual([true]);
    const { session } = await world.visit(renewed.token);
    expect(session.flash('notice')).toEqual(['hello']);
  });

  it('is nothing that the application sees, and nothing of the application is taken for it', async () => {
    const world = new World();
    const cookie = await world.begin({ csrf: 'mine' });
    const { session } = await world.visit(cookie);
    const token = await csrfTokenOf(session);
    expect(await world.peek(cookie)).toEqual({ csrf: 'mine' });
    expect(await verdicts(world, cookie, [token])).toEqual([true]);
  });

  it('is none where the cookie cannot be sent: no row', async () => {
    const world = new World();
    const visit = await world.visit(undefined, { secure: false });
    const token = await csrfTokenOf(visit.session);
    await visit.commit();
    expect([token.length, world.store.rows.size]).toEqual([86, 0]);
  });
});
