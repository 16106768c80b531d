import { describe, expect, it } from '@jest/globals';
import { parseMeta } from '../../../../lib/core/record/session-meta.js';
import { csrfTokenOf } from '../../../../lib/core/session-access.js';
import { type AnySession, DAY, HOUR, keyIn, MINUTE, SECOND, World } from '../support/world.js';
import { defer } from '../support/deferred.js';
import type { ActAsOptions } from '../../../../lib/index.js';

const ENDED = { code: 'SESSION_ENDED', statusCode: 401 };
const USAGE = { code: 'SESSION_USAGE', statusCode: 500 };
const DATA = { code: 'SESSION_DATA_INVALID', statusCode: 500 };

/** A world in which a user is signed in, and the user's cookie. */
async function signedIn(userId: string | number = 'staff', world = new World()) {
  const { token } = await world.request(undefined, (session) => session.login(userId, { level: 2 }));
  world.events.length = 0;
  return { world, token: token! };
}

/** The same, where the user acts for another one. */
async function acting(options?: ActAsOptions, userId: string | number = 'staff', world = new World()) {
  const before = await signedIn(userId, world);
  const { token, visit } = await world.request(before.token, (session) => session.actAs('42', options));
  return { world, token: token!, before: before.token, session: visit.session };
}

/** Who a next request is, and who it really is. */
async function whoIs(world: World, token: string | undefined): Promise<[unknown, unknown]> {
  const { session } = await world.visit(token);
  return [session.userId, session.actor];
}

describe('actAs()', () => {
  it('makes the session the other user’s, under a new id, and says who really acts', async () => {
    const { world, token, before, session } = await acting();
    expect([session.userId, session.actor]).toEqual(['42', 'staff']);
    expect(await whoIs(world, token)).toEqual(['42', 'staff']);
    expect(await world.peek(before)).toBeUndefined();
    expect(keyIn(token)).toBe(keyIn(before));
    expect(world.store.row).toMatchObject({ userId: 'staff', epoch: 2, data: '{"userId":"42"}' });
  });

  it('leaves login, level, beginning and data as they are', async () => {
    const { world, token } = await signedIn();
    await world.request(token, (session) => (session.theme = 'dark'));
    const { authenticatedAt, createdAt } = world.store.row;
    world.now += MINUTE;
    const { token: after } = await world.request(token, (session) => session.actAs(7));
    const { session } = await world.visit(after);
    expect({ ...session }).toEqual({ userId: 7, theme: 'dark' });
    expect(session.level).toBe(2);
    expect(world.store.row).toMatchObject({ authenticatedAt, createdAt });
  });

  it('tells events who it is about, and who really acts', async () => {
    const { world, token } = await acting();
    await world.request(token, (session) => session.logout());
    const both = { userId: '42', actor: 'staff' };
    expect(world.events).toEqual([
      expect.objectContaining({ type: 'loaded', userId: 'staff' }),
      expect.objectContaining({ type: 'rotated', reason: 'actAs', ...both }),
      expect.objectContaining({ type: 'loaded', ...both }),
      expect.objectContaining({ type: 'destroyed', ...both }),
    ]);
    expect(world.events[0]).not.toHaveProperty('actor');
  });

  it('is never nested, and not for the user itself', async () => {
    const { world, token } = await acting();
    const { session } = await world.visit(token);
    await expect(session.actAs('43')).rejects.toMatchObject(USAGE);
    await expect(session.actAs('staff')).rejects.toMatchObject(USAGE);
    const own = await signedIn('staff', world);
    await expect((await world.visit(own.token)).session.actAs('staff')).rejects.toMatchObject(USAGE);
    expect([await whoIs(world, token), await whoIs(world, own.token)]).toEqual([
      ['42', 'staff'],
      ['staff', undefined],
    ]);
  });

  it.each<[unknown, object, object]>([
    ['', {}, DATA],
    [{}, {}, DATA],
    ['42', { onLimit: 'x' }, DATA],
    ['42', { onLimit: null }, DATA],
  ])('refuses %j with %j', async (userId, options, error) => {
    const { world, token } = await signedIn();
    const { session } = await world.visit(token);
    await expect(session.actAs(userId as string, options)).rejects.toMatchObject(error);
    expect(await whoIs(world, token)).toEqual(['staff', undefined]);
  });

  it('needs somebody who is signed in, and a response that can carry the new id', async () => {
    const { world, token } = await signedIn();
    await expect((await world.visit(undefined)).session.actAs('42')).rejects.toMatchObject(USAGE);
    const late = await world.visit(token, { headersSent: true });
    await expect(late.session.actAs('42')).rejects.toMatchObject(USAGE);
    await expect(late.session.stopActing()).resolves.toBeUndefined();
  });

  it('needs an own userId that can be put back', async () => {
    const world = new World({ userIdOf: () => 'ada' });
    const token = await world.begin({ userId: { id: 'ada' } });
    const { session } = await world.visit(token);
    await expect(session.actAs('42')).rejects.toMatchObject(USAGE);
    expect(session.userId).toEqual({ id: 'ada' });
  });

  it('works for a user whom the application has put into the data', async () => {
    const world = new World({
      userIdOf: (data) => (data as { passport?: { user: string } }).passport?.user,
    });
    const begun = await world.begin({ passport: { user: 'staff' } });
    const { token } = await world.request(begun, (session) => session.actAs('42'));
    expect(await whoIs(world, token)).toEqual(['42', 'staff']);
    const stopped = await world.request(token, (session) => session.stopActing());
    expect(await world.peek(stopped.token)).toEqual({ passport: { user: 'staff' } });
    expect(world.store.row.userId).toBe('staff');
  });

  it('leaves the session as it was where the store fails', async () => {
    const { world, token } = await signedIn();
    const visit = await world.visit(token);
    world.store.before = (call) => {
      if (call === 'update') throw new Error('away');
    };
    await expect(visit.session.actAs('42')).rejects.toMatchObject({ statusCode: 503 });
    expect([visit.session.userId, visit.session.actor]).toEqual(['staff', undefined]);
    world.store.before = () => undefined;
    expect(await whoIs(world, token)).toEqual(['staff', undefined]);
  });

  it('keeps what another request changes meanwhile, and takes its turn among the calls', async () => {
    const { world, token } = await signedIn();
    const visit = await world.visit(token);
    await world.another().request(token, (session) => (session.theirs = 2));
    void visit.session.actAs('42');
    visit.session.mine = 1;
    const commit = await visit.commit();
    const after = commit.cookie === 'set' ? commit.token : undefined;
    expect(await world.peek(after)).toEqual({ userId: '42', mine: 1, theirs: 2 });
    expect(world.store.row.userId).toBe('staff');
  });

  it('ends the tokens of forms that are open', async () => {
    const { world, token } = await signedIn();
    await world.request(token, (session) => csrfTokenOf(session));
    const { token: after } = await world.request(token, (session) => session.actAs('42'));
    expect(parseMeta(world.store.row.meta).csrf).toBeUndefined();
    await world.request(after, (session) => csrfTokenOf(session));
    await world.request(after, (session) => session.stopActing());
    expect(parseMeta(world.store.row.meta).csrf).toBeUndefined();
  });

  it('is over with a login, and for a userId that the application assigns', async () => {
    const one = await acting();
    const { token } = await one.world.request(one.token, (session) => session.login('eve'));
    expect(await whoIs(one.world, token)).toEqual(['eve', undefined]);
    expect(one.world.store.row).toMatchObject({ userId: 'eve' });
    expect(parseMeta(one.world.store.row.meta)).toEqual({ rotation: { at: one.world.now } });
    const other = await acting();
    const { visit } = await other.world.request(other.token, (session) => (session.userId = 'eve'));
    expect(visit.session.actor).toBeUndefined();
    expect(await whoIs(other.world, other.token)).toEqual(['eve', undefined]);
    expect(other.world.store.row).toMatchObject({ userId: 'eve', authenticatedAt: null });
    expect(parseMeta(other.world.store.row.meta)).toEqual({ rotation: { at: other.world.now } });
  });

  it('lets the level be raised meanwhile: it is the actor’s', async () => {
    const { world, token } = await acting();
    const { token: after } = await world.request(token, (session) => session.stepUp(3));
    expect(await whoIs(world, after)).toEqual(['42', 'staff']);
    const { token: own } = await world.request(after, (session) => session.stopActing());
    expect((await world.visit(own)).session.level).toBe(3);
  });

  it('survives a new id, and changes of the data', async () => {
    const { world, token } = await acting();
    await world.request(token, (session) => (session.note = 1));
    const { token: after } = await world.request(token, (session) => session.rotate());
    world.now += MINUTE;
    await world.request(after);
    expect(await whoIs(world, after)).toEqual(['42', 'staff']);
    expect(world.store.row).toMatchObject({ userId: 'staff', epoch: 2 });
  });
});

describe('stopActing()', () => {
  it.each(['staff', 7])('makes the session the actor’s again, under a new id (%j)', async (userId) => {
    const { world, token } = await acting({}, userId);
    const { token: after, visit } = await world.request(token, (session) => session.stopActing());
    expect([visit.session.userId, visit.session.actor]).toEqual([userId, undefined]);
    expect(await whoIs(world, after)).toEqual([userId, undefined]);
    expect(await world.peek(token)).toBeUndefined();
    expect(world.store.row).toMatchObject({ userId: String(userId), epoch: 4 });
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'rotated', reason: 'stopActing', userId: String(userId) }),
    );
  });

  it('does nothing where the session acts for nobody', async () => {
    const { world, token } = await signedIn();
    expect((await world.request(token, (session) => session.stopActing())).commit).toEqual({
      cookie: 'none',
    });
    const { session } = await world.visit(token);
    await session.logout();
    await expect(session.stopActing()).rejects.toMatchObject(ENDED);
  });
});

describe('a request under way while somebody begins to act', () => {
  it.each<[string, (session: AnySession) => Promise<unknown>]>([
    ['update()', (session) => session.update((own) => (own.late = 1))],
    ['reload()', (session) => session.reload()],
    ['stepUp()', (session) => session.stepUp(3)],
    ['actAs()', (session) => session.actAs('43')],
  ])('cannot go on with the session by %s', async (_name, call) => {
    const { world, token } = await signedIn();
    const late = await world.visit(token);
    const { token: after } = await world.request(token, (session) => session.actAs('42'));
    await expect(call(late.session)).rejects.toMatchObject(ENDED);
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(after)).toEqual({ userId: '42' });
  });
});

describe('the limit', () => {
  it('is an hour, after which the session is the actor’s again, under a new id', async () => {
    const { world, token } = await acting();
    world.now += HOUR - SECOND;
    expect(await whoIs(world, token)).toEqual(['42', 'staff']);
    world.now += SECOND;
    expect(await whoIs(world, token)).toEqual(['staff', undefined]);
    world.events.length = 0;
    const { token: after } = await world.request(token);
    expect(after).not.toBe(token);
    expect(world.store.row).toMatchObject({ userId: 'staff', epoch: 3, data: '{"userId":"staff"}' });
    expect(parseMeta(world.store.row.meta).acting).toBeUndefined();
    expect(world.events).toEqual([
      expect.objectContaining({ type: 'loaded', userId: 'staff' }),
      expect.objectContaining({ type: 'rotated', reason: 'stopActing', userId: 'staff' }),
    ]);
    expect(await whoIs(world, after)).toEqual(['staff', undefined]);
    world.now += MINUTE; // no grace for ever
    expect(await world.peek(token)).toBeUndefined();
  });

  it('lets requests that come at the same time all go on, whoever stores it first', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    world.now += MINUTE;
    const visits = await Promise.all([world.visit(token), world.another().visit(token), world.visit(token)]);
    visits.forEach((visit, index) => (visit.session[`n${index}`] = index));
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    expect(commits.some(({ cookie }) => cookie === 'set')).toBe(true);
    expect(await world.peek(token)).toEqual({ userId: 'staff', n0: 0, n1: 1, n2: 2 });
    expect(world.store.row.epoch).toBe(3);
  });

  it('keeps what a request does as the other user out of the actor’s session', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    const late = await world.visit(token);
    world.now += MINUTE;
    await world.request(token);
    late.session.secret = 'of 42';
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(await world.peek(token)).toEqual({ userId: 'staff' });
  });

  it('is found by a request that reads the session again', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    const late = await world.visit(token);
    await world.another().request(token, (session) => (session.n = 1));
    world.now += MINUTE;
    await expect(late.session.update((own) => (own.late = 1))).rejects.toMatchObject(ENDED);
    await expect((await world.visit(token)).session.stopActing()).resolves.toBeUndefined();
  });

  it('holds where no cookie can be sent, and is stored with a change there', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    world.now += MINUTE;
    await world.request(token, (session) => (session.n = 1), { headersSent: true });
    expect(world.store.row).toMatchObject({ epoch: 3, data: '{"userId":"staff","n":1}' });
    expect(await world.peek(token)).toEqual({ userId: 'staff', n: 1 });
  });

  it('is stored as a whole by a use that can send no cookie', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    world.now += HOUR;
    await world.request(token, undefined, { headersSent: true });
    expect(world.store.row).toMatchObject({ epoch: 3, data: '{"userId":"staff"}', lastSeenAt: world.now });
    expect(parseMeta(world.store.row.meta).acting).toBeUndefined();
    const { token: after } = await world.request(token);
    expect(world.store.row.epoch).toBe(3);
    expect(after).not.toBe(token);
  });

  it.each([
    ['a passive request', { isPassive: true }],
    ['a request that can send no cookie', { headersSent: true }],
  ])('brings a new id after %s has changed the session', async (_name, options) => {
    const { world, token } = await acting({ limit: MINUTE });
    world.now += MINUTE;
    const { commit } = await world.request(token, (session) => (session.n = 1), options);
    expect(commit).toEqual({ cookie: 'none' });
    expect(world.store.row).toMatchObject({ epoch: 3, data: '{"userId":"staff","n":1}' });
    const looked = await world.request(token, undefined, { isPassive: true });
    expect(looked.commit).toEqual({ cookie: 'none' });
    world.events.length = 0;
    const { token: after } = await world.request(token);
    expect(after).not.toBe(token);
    expect(world.events).toMatchObject([{ type: 'loaded' }, { type: 'rotated', reason: 'stopActing' }]);
    expect(parseMeta(world.store.row.meta).idDue).toBeUndefined();
    expect((await world.request(after)).commit).toEqual({ cookie: 'none' });
    world.now += MINUTE;
    expect(await world.peek(token)).toBeUndefined();
    expect(await world.peek(after)).toEqual({ userId: 'staff', n: 1 });
  });

  it.each(['stop', 'end'] as const)('holds for a request in flight (onLimit: %s)', async (onLimit) => {
    const { world, token } = await acting({ limit: MINUTE, onLimit });
    const late = await world.visit(token);
    late.session.secret = 'of 42';
    world.now += MINUTE;
    expect(await late.commit()).toEqual({ cookie: 'none' });
    expect(world.store.row.data).toBe('{"userId":"42"}');
    expect(await world.peek(token)).toEqual(onLimit === 'end' ? undefined : { userId: 'staff' });
  });

  it('holds for several requests in flight, of which one hands over to the next', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    const visits = await Promise.all([world.visit(token), world.visit(token), world.visit(token)]);
    visits.forEach(({ session }, index) => (session[`secret${index}`] = 'of 42'));
    world.now += MINUTE;
    await Promise.all(visits.map((visit) => visit.commit()));
    expect(await world.peek(token)).toEqual({ userId: 'staff' });
    expect(world.store.row.data).toBe('{"userId":"42"}');
  });

  it.each<[string, (session: AnySession) => unknown]>([
    ['leaves the session alone', () => undefined],
    ['reads the session', (session) => session.userId],
    ['changes the session', (session) => (session.n = 1)],
  ])('holds where a touch from before it is still under way, and a request %s', async (_name, act) => {
    const { world, token } = await acting({ limit: 10 * MINUTE });
    world.now += 10 * MINUTE - SECOND;
    const before = await world.visit(token);
    const [reached, answer] = [defer(), defer()];
    world.store.after = (call) => {
      if (call !== 'update') return undefined;
      world.store.after = () => undefined;
      reached.resolve();
      return answer.promise;
    };
    const touching = before.commit();
    await reached.promise;
    world.now += 2 * SECOND;
    const after = await world.visit(token);
    act(after.session);
    const storing = after.commit();
    answer.resolve();
    await Promise.all([touching, storing]);
    expect(await whoIs(world, token)).toEqual(['staff', undefined]);
    world.now += HOUR;
    const { data, epoch, userId, meta } = world.store.row;
    expect([JSON.parse(data), epoch, userId, parseMeta(meta).acting]).toMatchObject([
      { userId: 'staff' },
      3,
      'staff',
      undefined,
    ]);
  });

  it.each<[string, (session: AnySession) => Promise<unknown>]>([
    ['update()', (session) => session.update((own) => (own.late = 1))],
    ['stepUp()', (session) => session.stepUp(3)],
    ['rotate()', (session) => session.rotate()],
  ])('is an error for %s of a request in flight', async (_name, call) => {
    const { world, token } = await acting({ limit: MINUTE });
    const late = await world.visit(token);
    world.now += MINUTE;
    await expect(call(late.session)).rejects.toMatchObject(ENDED);
    expect(await world.peek(token)).toEqual({ userId: 'staff' });
  });

  it('leaves the session alone when a request in flight signs somebody in', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    const late = await world.visit(token);
    world.now += MINUTE;
    await late.session.login('eve');
    const commit = await late.commit();
    expect(commit.cookie === 'set' && keyIn(commit.token)).not.toBe(keyIn(token));
    expect(await world.peek(token)).toEqual({ userId: 'staff' });
  });

  it('holds for a passive request, which leaves the new id to another one', async () => {
    const { world, token } = await acting({ limit: MINUTE });
    world.now += MINUTE;
    world.store.calls.length = 0;
    const { visit, commit } = await world.request(token, undefined, { isPassive: true });
    expect([visit.session.userId, commit, world.store.asked('update')]).toEqual([
      'staff',
      { cookie: 'none' },
      0,
    ]);
    expect((await world.request(token)).token).not.toBe(token);
  });

  describe('that ends the session', () => {
    const ENDS = { limit: 10 * MINUTE, onLimit: 'end' } as const;

    it('cannot be moved by a use, a change or a life of its own', async () => {
      const { world, token } = await acting(ENDS);
      const end = world.now + 10 * MINUTE;
      world.now += 5 * MINUTE;
      const { visit } = await world.request(token, (session) => {
        session.n = 1;
        session.cookie.maxAge = DAY;
      });
      expect([visit.session.expiresAt.getTime(), world.store.row.expiresAt]).toEqual([end, end]);
      world.now += 2 * MINUTE;
      await world.request(token);
      expect(world.store.row.expiresAt).toBe(end);
      world.now = end - SECOND;
      expect(await whoIs(world, token)).toEqual(['42', 'staff']);
      world.now = end;
      world.events.length = 0;
      expect(await world.peek(token)).toBeUndefined();
      expect(world.events).toMatchObject([
        { type: 'rejected', reason: 'expired', userId: '42', actor: 'staff' },
      ]);
    });

    it('holds where somebody has moved the expiry in the store', async () => {
      const { world, token } = await acting(ENDS);
      world.store.vandalize({ expiresAt: world.now + DAY });
      world.now += 10 * MINUTE;
      expect(await world.peek(token)).toBeUndefined();
    });

    it('is forgotten with stopActing()', async () => {
      const { world, token } = await acting(ENDS);
      const { token: after } = await world.request(token, (session) => session.stopActing());
      expect(world.store.row.expiresAt).toBe(world.now + DAY);
      world.now += HOUR;
      expect(await whoIs(world, after)).toEqual(['staff', undefined]);
    });

    it('ends the cookie, too', async () => {
      const cookie = { httpOnly: true, path: '/', maxAge: DAY };
      const { world, token } = await signedIn();
      const { visit } = await world.request(token, (session) => session.actAs('42', ENDS), { cookie });
      expect(visit.state.cookie.maxAge).toBe(DAY);
      const { cookieLifeOf } = await import('../../../../lib/core/request/session-life.js');
      expect(cookieLifeOf(visit.state)).toEqual({
        maxAge: 10 * MINUTE,
        expires: new Date(world.now + 10 * MINUTE),
      });
    });
  });
});

it('a cap of sessions tells whom the session that it ends was acting for', async () => {
  const world = new World({ maxSessionsPerUser: 1 });
  await acting({}, 'staff', world);
  world.events.length = 0;
  world.now += MINUTE;
  await world.request(undefined, (session) => session.login('staff'));
  expect(world.events).toContainEqual(
    expect.objectContaining({ type: 'destroyed', reason: 'replaced', userId: '42', actor: 'staff' }),
  );
});

it('a cap of sessions counts the actor’s, and ends a session in which they act', async () => {
  const world = new World({ maxSessionsPerUser: 1 });
  const { token } = await acting({}, 'staff', world);
  world.now += MINUTE;
  await signedIn('42', world);
  expect(await whoIs(world, token)).toEqual(['42', 'staff']);
  await signedIn('staff', world);
  expect(await world.peek(token)).toBeUndefined();
});
