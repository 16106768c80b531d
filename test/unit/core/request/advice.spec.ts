import { describe, expect, it } from '@jest/globals';
import { type AnySession, HOUR, MINUTE, World, type WorldOptions } from '../support/world.js';

const ASSIGNED = /^session\.userId was assigned without session\.login\(\)/;

/** The warnings of a request that does this, in a session that is there already or begins with it. */
async function warningsOf(
  work: (session: AnySession, visit: { session: AnySession }) => unknown,
  { begin = true, ...options }: WorldOptions & { begin?: boolean | object } = {},
): Promise<string[]> {
  const world = new World(options);
  const token = begin ? await world.begin(begin === true ? undefined : begin) : undefined;
  const { visit } = await world.request(token, work);
  return visit.warnings;
}

describe('a user who signs in by session.userId alone', () => {
  it.each([true, false])('is a warning that names login(); session from before: %p', async (begin) => {
    const warnings = await warningsOf((session) => (session.userId = 'ada'), { begin });
    expect(warnings).toEqual([expect.stringMatching(ASSIGNED)]);
    expect(warnings[0]).toContain('Call await session.login(userId)');
    expect(warnings[0]).not.toContain('ada');
  });

  it('is one, too, if the session is saved before the response', async () => {
    const warnings = await warningsOf((session) => {
      session.userId = 7;
      return session.save();
    });
    expect(warnings).toEqual([expect.stringMatching(ASSIGNED)]);
  });

  it('is one, too, in place of another user', async () => {
    const warnings = await warningsOf((session) => (session.userId = 'bob'), { begin: { userId: 'ada' } });
    expect(warnings).toEqual([expect.stringMatching(ASSIGNED)]);
  });

  it.each<[string, (session: AnySession, visit: { session: AnySession }) => unknown]>([
    ['login() did it', (session) => session.login('ada')],
    [
      'login() came after it',
      (session) => {
        session.userId = 'ada';
        return session.login('ada');
      },
    ],
    [
      'regenerate() gave the session a new id',
      async (session, visit) => {
        await session.regenerate();
        visit.session.userId = 'ada';
      },
    ],
    [
      'rotate() gave the session a new id',
      (session) => {
        session.userId = 'ada';
        return session.rotate();
      },
    ],
    ['the session loses its user', (session) => delete session.userId],
    ['another key changes', (session) => (session.cart = [2])],
  ])('is no warning where %s', async (what, work) => {
    const begin = what.includes('loses') ? { userId: 'ada' } : true;
    expect(await warningsOf(work, { begin })).toEqual([]);
  });

  it('is no warning where the application finds the user elsewhere in the data', async () => {
    const userIdOf = (data: object): unknown => (data as { passport?: { user?: unknown } }).passport?.user;
    expect(await warningsOf((session) => (session.passport = { user: 'ada' }), { userIdOf })).toEqual([]);
  });
});

describe("a session's own cookie life", () => {
  it('is a warning where it looks like seconds', async () => {
    expect(await warningsOf((session) => (session.cookie.maxAge = 3_600))).toEqual([
      expect.stringContaining('session.cookie.maxAge is 3600 milliseconds'),
    ]);
  });

  it('is a warning where absoluteTimeout caps it, also if login() stores it', async () => {
    const warnings = await warningsOf(
      (session) => {
        session.cookie.maxAge = 2 * HOUR;
        return session.login('ada');
      },
      { lifetimes: { absoluteTimeout: HOUR } },
    );
    expect(warnings).toEqual([
      expect.stringContaining('session.cookie.maxAge is 7200000 ms, but "absoluteTimeout"'),
    ]);
  });

  it.each([MINUTE, HOUR, null, false, 0, -1] as const)('is none at %p', async (maxAge) => {
    const absoluteTimeout = HOUR;
    const work = (session: AnySession): void => void (session.cookie.maxAge = maxAge);
    expect(await warningsOf(work, { lifetimes: { absoluteTimeout } })).toEqual([]);
  });
});
