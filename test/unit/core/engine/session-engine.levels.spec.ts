import { describe, expect, it } from '@jest/globals';
import { parseMeta } from '../../../../lib/core/record/session-meta.js';
import { csrfTokenOf } from '../../../../lib/core/session-access.js';
import { type AnySession, HOUR, keyIn, MINUTE, type Visit, World } from '../support/world.js';

const ENDED = { code: 'SESSION_ENDED', statusCode: 401 };
const USAGE = { code: 'SESSION_USAGE', statusCode: 500 };
const DATA = { code: 'SESSION_DATA_INVALID', statusCode: 500 };

async function signedIn(level?: number): Promise<{ world: World; token: string }> {
  const world = new World();
  const { token } = await world.request(undefined, (session) =>
    session.login('ada', level === undefined ? {} : { level }),
  );
  world.events.length = 0;
  return { world, token: token! };
}

const levelAt = async (world: World, token: string | undefined): Promise<number> =>
  (await world.visit(token)).session.level;

describe('the level of a session', () => {
  it('is 0 for nobody, 1 after a login, or what the login was told', async () => {
    const world = new World();
    expect((await world.visit(undefined)).session.level).toBe(0);
    expect(await levelAt(world, await world.begin({ cart: [1] }))).toBe(0);
    const one = await signedIn();
    expect([await levelAt(one.world, one.token), one.world.store.row.meta]).toEqual([1, null]);
    const two = await signedIn(2);
    expect(await levelAt(two.world, two.token)).toBe(2);
  });

  it('is 0 of a user who was put into the data, and of another one who was put there later', async () => {
    const { world, token } = await signedIn(2);
    const { visit } = await world.request(token, (session) => (session.userId = 'eve'));
    expect(visit.session.level).toBe(0);
    expect(await levelAt(world, token)).toBe(0);
    expect(parseMeta(world.store.row.meta).levels).toBeUndefined();
    await world.request(token, (session) => (session.userId = 'ada'));
    expect(await levelAt(world, token)).toBe(0);
  });

  it('is that of the last login', async () => {
    const { world, token } = await signedIn(3);
    const again = await world.request(token, (session) => session.login('ada'));
    expect(await levelAt(world, again.token)).toBe(1);
  });

  it.each([0, 1.5, NaN, '2', null])('is no %j: login() refuses it, and stepUp()', async (level) => {
    const { world, token } = await signedIn();
    const { session } = await world.visit(token);
    await expect(session.login('ada', { level: level as number })).rejects.toMatchObject(DATA);
    await expect(session.stepUp(level as number)).rejects.toMatchObject(DATA);
    expect(await levelAt(world, token)).toBe(1);
  });
});

describe('stepUp()', () => {
  it('raises the level under a new id; the old one is dead at once', async () => {
    const { world, token } = await signedIn();
    const { authenticatedAt, createdAt } = world.store.row;
    world.now += HOUR;
    const { token: after, visit } = await world.request(token, (session) => session.stepUp(2));
    expect(after).not.toBe(token);
    expect(keyIn(after)).toBe(keyIn(token));
    expect(visit.session.level).toBe(2);
    expect(await levelAt(world, after)).toBe(2);
    expect(await world.peek(token)).toBeUndefined();
    expect(world.store.row).toMatchObject({ epoch: 2, userId: 'ada', authenticatedAt, createdAt });
    expect(parseMeta(world.store.row.meta).levels).toEqual([[2, world.now]]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'rotated', reason: 'stepUp', userId: 'ada' }),
    );
  });

  it('leaves a higher level as it is, and notes when the lower one was proved', async () => {
    const { world, token } = await signedIn(3);
    const begun = world.now;
    world.now += HOUR;
    const { token: after } = await world.request(token, (session) => session.stepUp(2));
    expect(await levelAt(world, after)).toBe(3);
    expect(parseMeta(world.store.row.meta).levels).toEqual([
      [3, begun],
      [2, world.now],
    ]);
  });

  it('raises the level of a user whom the application has put into the data', async () => {
    const world = new World();
    const token = await world.begin({ userId: 'ada' });
    const { token: after } = await world.request(token, (session) => session.stepUp(2));
    expect(await levelAt(world, after)).toBe(2);
    const fresh = await world.another().request(undefined, async (session) => {
      session.userId = 'bob';
      await session.stepUp(2);
    });
    expect(await levelAt(world, fresh.token)).toBe(2);
  });

  it('needs somebody who is signed in, and a response that can carry the new id', async () => {
    const { world, token } = await signedIn();
    const visitor = await world.visit(await world.another().begin());
    await expect(visitor.session.stepUp(2)).rejects.toMatchObject(USAGE);
    const late = await world.visit(token, { headersSent: true });
    await expect(late.session.stepUp(2)).rejects.toMatchObject(USAGE);
    const { session } = await world.visit(token);
    await session.logout();
    await expect(session.stepUp(2)).rejects.toMatchObject(ENDED);
  });

  it('does not raise the level of what is not stored', async () => {
    const { session } = await new World().visit(undefined, { secure: false });
    session.userId = 'ada';
    await expect(session.stepUp(2)).rejects.toMatchObject(USAGE);
    expect(session.level).toBe(0);
  });

  it('leaves the session as it was where the store fails', async () => {
    const { world, token } = await signedIn();
    const visit = await world.visit(token);
    world.store.before = (call) => {
      if (call === 'update') throw new Error('away');
    };
    await expect(visit.session.stepUp(2)).rejects.toMatchObject({ statusCode: 503 });
    expect([visit.session.level, visit.session.id]).toEqual([1, token.slice(3)]);
    world.store.before = () => undefined;
    expect(await levelAt(world, token)).toBe(1);
  });

  it('takes its turn among the calls: login, step, changes', async () => {
    const world = new World();
    const { token } = await world.request(undefined, (session) => {
      void session.login('ada');
      void session.stepUp(2);
      session.note = 'kept';
    });
    expect(await levelAt(world, token)).toBe(2);
    expect(await world.peek(token)).toEqual({ userId: 'ada', note: 'kept' });
  });

  it('keeps what another request changes meanwhile', async () => {
    const { world, token } = await signedIn();
    const visit = await world.visit(token);
    visit.session.mine = 1;
    await world.another().request(token, (session) => (session.theirs = 2));
    await visit.session.stepUp(2);
    const commit = await visit.commit();
    const after = commit.cookie === 'set' ? commit.token : undefined;
    expect(await world.peek(after)).toEqual({ userId: 'ada', mine: 1, theirs: 2 });
  });

  it('keeps the tokens of the forms that are open', async () => {
    const { world, token } = await signedIn();
    await world.request(token, (session) => csrfTokenOf(session));
    const { csrf } = parseMeta(world.store.row.meta);
    await world.request(token, (session) => session.stepUp(2));
    expect(csrf).toBeDefined();
    expect(parseMeta(world.store.row.meta).csrf).toBe(csrf);
  });
});

describe.each<[string, (world: World) => World]>([
  ['in the same process', (world) => world],
  ['in another process', (world) => world.another()],
])('a request under way while the level is raised, %s,', (_, other) => {
  async function overtaken(): Promise<{ world: World; late: Visit; after: string | undefined }> {
    const { world, token } = await signedIn();
    const late = await other(world).visit(token);
    const { token: after } = await world.request(token, (session) => session.stepUp(2));
    return { world, late, after };
  }

  it.each<[string, (session: AnySession) => Promise<unknown>]>([
    ['stepUp()', (session) => session.stepUp(3)],
    ['actAs()', (session) => session.actAs('eve')],
    ['rotate()', (session) => session.rotate()],
    ['update()', (session) => session.update((own) => (own.late = 1))],
  ])('cannot go on with the session by %s', async (_name, call) => {
    const { world, late, after } = await overtaken();
    await expect(call(late.session)).rejects.toMatchObject(ENDED);
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(after)).toEqual({ userId: 'ada' });
    expect(await levelAt(world, after)).toBe(2);
  });

  it('has its changes dropped, and its logout ends the session all the same', async () => {
    const { world, late, after } = await overtaken();
    late.session.late = 1;
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(after)).toEqual({ userId: 'ada' });
    const again = await overtaken();
    await again.late.session.logout();
    expect(await again.world.peek(again.after)).toBeUndefined();
  });
});

it('stepUp() under an id that was renewed since does not raise the level', async () => {
  const world = new World({ lifetimes: { rotateInterval: HOUR, rotationGrace: MINUTE } });
  const { token } = await world.request(undefined, (session) => session.login('ada'));
  world.now += HOUR;
  const late = await world.visit(token);
  const { token: renewed } = await world.request(token);
  world.now += 2 * MINUTE; // the grace period is over
  await expect(late.session.stepUp(2)).rejects.toMatchObject(ENDED);
  expect(await levelAt(world, renewed)).toBe(1);
});
