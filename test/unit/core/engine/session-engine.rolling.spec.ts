import { describe, expect, it } from '@jest/globals';
import type { Commit } from '../../../../lib/core/engine/session-engine.js';
import type { SessionSettings } from '../../../../lib/core/request/session-rules.js';
import { parseMeta } from '../../../../lib/core/record/session-meta.js';
import { counterOf } from '../../../../lib/core/record/session-record.js';
import { type AnySession, HOUR, keyIn, MINUTE, SECOND, type VisitOptions, World } from '../support/world.js';

type Rolling = SessionSettings['rolling'];
const ROLLING = ['touch', 'always', 'change', 'never'] as const;

const PERSISTENT = { httpOnly: true, path: '/', maxAge: HOUR } as const;
const UNTIL_CLOSED = { httpOnly: true, path: '/' } as const;

/** What a request can be to a stored session: it only reads, it comes when a touch is due, or it changes something. */
const REQUESTS = {
  'only reads': () => undefined,
  'comes when a touch is due': () => undefined,
  'changes something': (session: AnySession) => (session.a = 1),
};
type RequestKind = keyof typeof REQUESTS;

async function known(
  rolling: Rolling,
  kind: RequestKind,
  cookie: VisitOptions['cookie'] = PERSISTENT,
): Promise<{ world: World; token: string; options: VisitOptions }> {
  const world = new World({ rolling });
  const options = cookie && { cookie };
  const token = await world.begin({ n: 1 }, options);
  world.now += kind === 'comes when a touch is due' ? MINUTE : SECOND;
  return { world, token, options };
}

describe('the cookie of a stored session', () => {
  const ALL: Record<RequestKind, boolean> = {
    'only reads': true,
    'comes when a touch is due': true,
    'changes something': true,
  };
  const SENT: Record<
    Rolling,
    { persistent: Record<RequestKind, boolean>; other: Record<RequestKind, boolean> }
  > = {
    always: { persistent: ALL, other: ALL },
    touch: {
      persistent: { ...ALL, 'only reads': false },
      other: { 'only reads': false, 'comes when a touch is due': false, 'changes something': false },
    },
    change: {
      persistent: { 'only reads': false, 'comes when a touch is due': false, 'changes something': true },
      other: { 'only reads': false, 'comes when a touch is due': false, 'changes something': false },
    },
    never: {
      persistent: { 'only reads': false, 'comes when a touch is due': false, 'changes something': false },
      other: { 'only reads': false, 'comes when a touch is due': false, 'changes something': false },
    },
  };
  const CASES = ROLLING.flatMap((rolling) =>
    (Object.keys(REQUESTS) as RequestKind[]).flatMap((kind) =>
      (['persistent', 'other'] as const).map(
        (cookie) => [rolling, kind, cookie, SENT[rolling][cookie][kind]] as const,
      ),
    ),
  );

  it.each(CASES)(
    'with rolling "%s", by a request that %s (%s cookie): sent is %s',
    async (rolling, kind, type, sent) => {
      const { world, token, options } = await known(
        rolling,
        kind,
        type === 'persistent' ? PERSISTENT : UNTIL_CLOSED,
      );
      const { commit } = await world.request(token, REQUESTS[kind], options);
      expect(commit).toEqual(sent ? { cookie: 'set', token } : { cookie: 'none' });
      // It never goes without a write, and a mere read writes for the cookie alone.
      expect(world.store.asked('update')).toBe(sent || kind !== 'only reads' ? 1 : 0);
    },
  );

  it.each(ROLLING)(
    'with rolling "%s" is sent for a new session, a new id and other settings of its own',
    async (rolling) => {
      const world = new World({ rolling });
      for (const work of [
        (session: AnySession) => session.rotate(),
        (session: AnySession) => session.login('ada'),
        (session: AnySession) => (session.cookie.sameSite = 'strict'),
        (session: AnySession) => (session.cookie.maxAge = HOUR),
      ]) {
        const { commit } = await world.request(await world.begin(), work);
        expect(commit.cookie).toBe('set');
      }
    },
  );

  it('follows the life that the session has of its own', async () => {
    const world = new World();
    const { token } = await world.request(undefined, (session) => {
      session.a = 1;
      session.cookie.maxAge = HOUR;
    });
    world.now += MINUTE * 6;
    expect((await world.request(token)).commit).toEqual({ cookie: 'set', token });
    const other = await known('touch', 'comes when a touch is due');
    const { token: shortened } = await other.world.request(
      other.token,
      (session) => (session.cookie.maxAge = null),
      other.options,
    );
    other.world.now += HOUR;
    expect((await other.world.request(shortened, () => undefined, other.options)).commit).toEqual({
      cookie: 'none',
    });
  });

  it('keeps settings of its own, which are sent once', async () => {
    const world = new World();
    const token = await world.begin();
    const { commit } = await world.request(token, (own) => (own.cookie.sameSite = 'strict'));
    expect(commit.cookie).toBe('set');
    const { visit, commit: next } = await world.request(token, (own) => (own.a = 1));
    expect([visit.session.cookie.sameSite, next.cookie]).toEqual(['strict', 'none']);
  });

  it('is not sent, and nothing written, where its settings are only looked at', async () => {
    const world = new World();
    const { token } = await world.request(undefined, (own) => {
      own.a = 1;
      own.cookie.sameSite = 'strict';
    });
    for (const cookie of [token, await world.begin()]) {
      world.store.calls.length = 0;
      const { commit } = await world.request(cookie, (own) => void own.cookie.maxAge);
      expect([commit.cookie, world.store.asked('update')]).toEqual(['none', 0]);
    }
  });

  it('is not sent over a connection that cannot carry it', async () => {
    const world = new World({ rolling: 'always' });
    const token = await world.begin();
    expect((await world.request(token, () => undefined, { secure: false })).commit).toEqual({
      cookie: 'none',
    });
  });

  it('is not sent where the write failed', async () => {
    const { world, token, options } = await known('touch', 'comes when a touch is due');
    const visit = await world.visit(token, options);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    expect(await visit.answer()).toMatchObject({ commit: { cookie: 'none' }, error: { statusCode: 503 } });
  });

  it('is sent by one of the requests that touch the session at the same time', async () => {
    const { world, token, options } = await known('touch', 'comes when a touch is due');
    const visits = await Promise.all(Array.from({ length: 5 }, () => world.visit(token, options)));
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    expect(commits.map(({ cookie }) => cookie).sort()).toEqual(['none', 'none', 'none', 'none', 'set']);
    expect(world.store.asked('update')).toBe(1);
  });

  it.each(
    ROLLING.flatMap((rolling) =>
      (Object.keys(REQUESTS) as RequestKind[]).flatMap((kind) =>
        (['login', 'rotate', 'logout'] as const).map((end) => [rolling, kind, end] as const),
      ),
    ),
  )(
    'with rolling "%s" is not sent dead by a slow request that %s, where %s() came first',
    async (rolling, kind, end) => {
      for (const other of [(world: World) => world, (world: World) => world.another({ rolling })]) {
        const { world, token, options } = await known(rolling, kind);
        const slow = await other(world).visit(token, options);
        await world.request(token, (session) => session[end]('ada'), options);
        REQUESTS[kind](slow.session);
        expect(await slow.commit()).toEqual({ cookie: 'none' });
      }
    },
  );
});

describe('a response that a shared cache may store', () => {
  const shared = { cookie: PERSISTENT, isShared: true };

  it.each(ROLLING)(
    'with rolling "%s" carries no touch and no cookie: they wait for the next response',
    async (rolling) => {
      const { world, token, options } = await known(rolling, 'comes when a touch is due');
      const before = world.store.row;
      expect((await world.request(token, () => undefined, shared)).commit).toEqual({ cookie: 'none' });
      expect([world.store.row, world.store.asked('update')]).toEqual([before, 0]);
      const { commit } = await world.request(token, () => undefined, options);
      expect(world.store.row.lastSeenAt).toBe(world.now);
      expect(commit.cookie).toBe(rolling === 'touch' || rolling === 'always' ? 'set' : 'none');
    },
  );

  it.each(ROLLING)(
    'with rolling "%s" has changes stored, without a cookie and without a touch',
    async (rolling) => {
      const { world, token } = await known(rolling, 'comes when a touch is due');
      const { lastSeenAt } = world.store.row;
      const { commit } = await world.request(token, (session) => (session.a = 1), shared);
      expect(commit).toEqual({ cookie: 'none' });
      expect(world.data).toEqual({ n: 1, a: 1 });
      expect(world.store.row.lastSeenAt).toBe(lastSeenAt);
    },
  );

  it.each(['touch', 'save'] as const)('has %s() of an unchanged session wait, too', async (method) => {
    const { world, token, options } = await known('touch', 'only reads');
    const { commit } = await world.request(token, (session) => session[method](), shared);
    expect([commit.cookie, world.store.asked('update')]).toEqual(['none', 0]);
    await world.request(token, (session) => session[method](), options);
    expect(world.store.row.lastSeenAt).toBe(world.now);
  });

  it('carries no new id that is due', async () => {
    const world = new World({ lifetimes: { rotateInterval: HOUR } });
    const token = await world.begin();
    world.now += HOUR;
    expect((await world.request(token, (session) => (session.a = 1), shared)).commit).toEqual({
      cookie: 'none',
    });
    expect((await world.request(token)).token).not.toBe(token);
  });

  const MUST: [string, boolean, (session: AnySession) => unknown, Commit['cookie']][] = [
    ['a new session', false, (session) => (session.a = 1), 'set'],
    ['a new session that is signed in', false, (session) => session.login('ada'), 'set'],
    ['a new id, by rotate()', true, (session) => session.rotate(), 'set'],
    ['a new id, by login()', true, (session) => session.login('ada'), 'set'],
    ['an end', true, (session) => session.logout(), 'clear'],
  ];

  it.each(MUST)('carries all the same %s', async (_, isStored, work, expected) => {
    for (const rolling of ROLLING) {
      const world = new World({ rolling });
      const token = isStored ? await world.begin() : undefined;
      const answer = await world.request(token, work, shared);
      expect(answer.commit.cookie).toBe(expected);
      expect((await world.peek(answer.token)) !== undefined).toBe(expected === 'set');
    }
  });
});

describe('a touch that can carry no cookie (a message of a WebSocket)', () => {
  const message = { cookie: PERSISTENT, headersSent: true };
  const isMarked = (world: World): boolean => parseMeta(world.store.row.meta).cookieDue === true;

  async function marked(): Promise<{ world: World; token: string; options: VisitOptions }> {
    const start = await known('touch', 'comes when a touch is due');
    expect((await start.world.request(start.token, () => undefined, message)).commit).toEqual({
      cookie: 'none',
    });
    expect(isMarked(start.world)).toBe(true);
    start.world.store.calls.length = 0;
    return start;
  }

  it('leaves a mark, and the next response touches, sends the cookie and clears the mark', async () => {
    const { world, token, options } = await marked();
    expect(world.store.row.lastSeenAt).toBe(world.now);
    world.now += SECOND;
    expect((await world.request(token, () => undefined, options)).commit).toEqual({ cookie: 'set', token });
    expect([isMarked(world), world.store.asked('update')]).toEqual([false, 1]);
    expect((await world.request(token, () => undefined, options)).commit).toEqual({ cookie: 'none' });
    expect(world.store.asked('update')).toBe(1);
  });

  it('leaves the mark once: later ones are touches', async () => {
    const { world, token } = await marked();
    const { version } = world.store.row;
    for (let count = 0; count < 3; count++) {
      world.now += MINUTE;
      await world.request(token, () => undefined, message);
    }
    expect(world.store.row).toMatchObject({ version, lastSeenAt: world.now });
    expect([isMarked(world), counterOf(version)]).toEqual([true, 2]);
  });

  it('leaves no mark where nothing was due', async () => {
    const { world, token } = await known('touch', 'only reads');
    await world.request(token, () => undefined, message);
    expect(world.store.asked('update')).toBe(0);
    await world.request(token, (session) => (session.a = 1), message);
    expect(isMarked(world)).toBe(false);
  });

  it('leaves the mark beside a change, too', async () => {
    const { world, token, options } = await known('touch', 'comes when a touch is due');
    await world.request(token, (session) => (session.a = 1), message);
    expect([isMarked(world), world.data]).toEqual([true, { n: 1, a: 1 }]);
    expect((await world.request(token, () => undefined, options)).commit).toEqual({ cookie: 'set', token });
  });

  it.each(['touch', 'save'] as const)(
    'leaves the mark also where the application asked for it with %s()',
    async (method) => {
      const { world, token, options } = await known('touch', 'only reads');
      await world.request(token, (session) => session[method](), message);
      expect(world.store.row.lastSeenAt).toBe(world.now);
      expect((await world.request(token, () => undefined, options)).commit).toEqual({ cookie: 'set', token });
      expect(isMarked(world)).toBe(false);
    },
  );

  it('leaves none where the cookie ends with the browser, or is not renewed with a touch', async () => {
    for (const [rolling, cookie] of [
      ['touch', UNTIL_CLOSED],
      ['always', PERSISTENT],
      ['change', PERSISTENT],
      ['never', PERSISTENT],
    ] as const) {
      const { world, token } = await known(rolling, 'comes when a touch is due', cookie);
      const { version } = world.store.row;
      await world.request(token, () => undefined, { ...message, cookie });
      expect(world.store.row).toMatchObject({ version, meta: null, lastSeenAt: world.now });
    }
  });

  it('has its mark wait where a shared cache may store the response, and survive what others store', async () => {
    const { world, token, options } = await marked();
    const shared = { ...options, isShared: true };
    expect((await world.request(token, () => undefined, shared)).commit).toEqual({ cookie: 'none' });
    expect((await world.request(token, (session) => (session.a = 1), shared)).commit).toEqual({
      cookie: 'none',
    });
    await world.request(token, (session) => (session.b = 1), message);
    expect(isMarked(world)).toBe(true);
    expect((await world.request(token, (session) => (session.c = 1), options)).commit.cookie).toBe('set');
    expect(isMarked(world)).toBe(false);
  });

  it('has its mark kept where the write that would clear it fails, or comes too late', async () => {
    const { world, token, options } = await marked();
    const visit = await world.visit(token, options);
    world.store.before = (call) => (call === 'update' ? Promise.reject(new Error('down')) : undefined);
    await expect(visit.commit()).rejects.toMatchObject({ statusCode: 503 });
    world.store.before = () => undefined;
    expect(isMarked(world)).toBe(true);
    const slow = await world.another().visit(token, options);
    await world.request(token, (session) => session.rotate(), { ...options, isShared: true });
    expect(await slow.commit()).toEqual({ cookie: 'none' });
  });

  it('has its cookie sent by one of the next responses where several come at once', async () => {
    const { world, token, options } = await marked();
    const visits = await Promise.all([world.visit(token, options), world.another().visit(token, options)]);
    const commits = await Promise.all(visits.map((visit) => visit.commit()));
    expect(commits.map(({ cookie }) => cookie).sort()).toEqual(['none', 'set']);
    expect(isMarked(world)).toBe(false);
  });

  it('has its mark cleared by a new id, whose cookie is sent anyway', async () => {
    const { world, token, options } = await marked();
    const { token: renewed } = await world.request(token, (session) => session.rotate(), options);
    expect([keyIn(renewed), isMarked(world)]).toEqual([keyIn(token), false]);
    expect((await world.request(renewed, () => undefined, options)).commit).toEqual({ cookie: 'none' });
  });
});

describe('a request that has written its session, and takes its time before it answers', () => {
  const persistent = { cookie: { path: '/', maxAge: HOUR } };

  it.each(['login', 'rotate'] as const)(
    'sends no dead cookie where somebody has called %s() meanwhile',
    async (call) => {
      const world = new World();
      const token = await world.begin({ cart: [1] }, persistent);
      const slow = await world.visit(token, persistent);
      slow.session.n = 1;
      await slow.session.save();
      world.now += 5 * SECOND;
      const other = world.another();
      const { token: newest } = await other.request(token, (session) => session[call]('ada'), persistent);
      expect((await slow.commit()).cookie).toBe('none');
      expect(await world.peek(newest)).toMatchObject({ cart: [1], n: 1 });
    },
  );

  it('costs one touch more for a cookie that is renewed, and nothing for one that is not', async () => {
    for (const [options, writes] of [
      [persistent, 1],
      [{}, 0],
    ] as const) {
      const world = new World();
      const token = await world.begin({ cart: [1] }, options);
      const visit = await world.visit(token, options);
      await visit.session.update((s) => void (s.m = 1));
      world.store.calls.length = 0;
      expect((await visit.commit()).cookie).toBe(writes === 1 ? 'set' : 'none');
      expect(world.store.asked('update')).toBe(writes);
    }
  });
});
