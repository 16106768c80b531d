import { describe, expect, it } from '@jest/globals';
import { partsOf } from '../../../../lib/core/record/session-id.js';
import { type AnySession, tokenAfter, type Visit, type VisitOptions, World } from '../support/world.js';

const CALLS = {
  save: (session) => session.save(),
  reload: (session) => session.reload(),
  touch: (session) => session.touch(),
  login: (session) => session.login('ada'),
  logout: (session) => session.logout(),
  rotate: (session) => session.rotate(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
  update: (session) => session.update((own) => (own.n = ((own.n as number | undefined) ?? 0) + 1)),
  flash: (session) => session.flash('notice', 'hello'),
} satisfies Record<string, (session: AnySession) => unknown>;

type Call = keyof typeof CALLS;
const NAMES = Object.keys(CALLS) as Call[];

/** Calls after which the id that the request came with opens nothing. */
const GIVES_UP_ID: readonly Call[] = ['login', 'logout', 'rotate', 'regenerate', 'destroy'];
const ENDS: readonly Call[] = ['logout', 'destroy', 'regenerate'];

/** What the response fails with where nobody waited for the calls; undefined where it is sent. */
function failureOf(first: Call, second: Call, { isStored, data }: Given): string | undefined {
  // There is nothing to read again of a session that is not stored.
  const isThere = isStored || ['login', 'update'].includes(first) || (first === 'save' && 'cart' in data);
  if (first === 'regenerate' && second !== 'touch' && second !== 'flash') return 'SESSION_USAGE';
  if ((first === 'reload' && !isStored) || (second === 'reload' && !isThere)) return 'SESSION_ENDED';
  if (ENDS.includes(first) && ['reload', 'rotate', 'update'].includes(second)) return 'SESSION_ENDED';
  return undefined;
}

interface Given extends VisitOptions {
  readonly isStored: boolean;
  readonly data: object;
}

interface Outcome {
  readonly world: World;
  readonly visit: Visit;
  readonly came: string | undefined;
  readonly cookie: string | undefined;
  readonly sent: string | undefined;
  readonly error: { readonly code?: string } | undefined;
}

/** Makes two calls at once, waits for neither, and answers; what the browser has before and after it. */
async function pair(first: Call, second: Call, { isStored, data, ...options }: Given): Promise<Outcome> {
  const world = new World();
  const came = isStored ? await world.begin({ cart: [1] }, options) : undefined;
  const visit = await world.visit(came, options);
  const { session } = visit;
  Object.assign(session, data);
  void CALLS[first](session);
  void CALLS[second](session);
  const { commit, error } = await visit.answer();
  const sent = commit.cookie === 'set' ? commit.token : undefined;
  return { world, visit, came, sent, cookie: tokenAfter(came, commit), error: error as Outcome['error'] };
}

const PAIRS = NAMES.flatMap((first) => NAMES.map((second) => [first, second] as const));
const SESSIONS: [string, Given][] = [
  ['a new session', { isStored: false, data: {} }],
  ['a new session with data', { isStored: false, data: { cart: [2] } }],
  ['a known session', { isStored: true, data: {} }],
  ['a known session that was changed', { isStored: true, data: { cart: [2] } }],
  [
    'a known session whose cookie outlives the browser',
    { isStored: true, data: {}, cookie: { path: '/', maxAge: 3_600_000 } },
  ],
];

describe.each(SESSIONS)('two calls at once, on %s:', (_, given) => {
  it.each(PAIRS)('%s and %s', async (first, second) => {
    const { world, visit, came, cookie, sent, error } = await pair(first, second, given);
    const calls = [first, second];

    expect(error?.code).toBe(failureOf(first, second, given));

    // Nothing lives in the store that no cookie leads to.
    const tokens = [...world.store.rows.values()].map(({ token }) => token);
    expect(tokens).toEqual(cookie !== undefined && tokens.length > 0 ? [partsOf(cookie.slice(3)).token] : []);

    // The cookie that was sent opens the session, and what was sent is what the request has.
    if (sent !== undefined) {
      expect(await world.peek(sent)).toEqual({ ...visit.session });
      expect(sent).toBe(`ok:${visit.session.id}`);
    }

    // An id that was to die is dead; one that was not still opens the session.
    if (came !== undefined) {
      const isGivenUp = calls.some((call) => GIVES_UP_ID.includes(call));
      expect([first, second, (await world.peek(came)) === undefined]).toEqual([first, second, isGivenUp]);
    }

    // The last word counts: who signed in last is signed in, who ended the session last has none.
    const owner = [...world.store.rows.values()].map(({ userId }) => userId);
    if (second === 'login' && error === undefined) expect(owner).toEqual(['ada']);
    if (ENDS.includes(second)) expect(owner).toEqual([]);
    if (first === 'login' && !ENDS.includes(second)) expect(owner).toEqual(['ada']);
  });
});

describe('of two calls at once on a known session', () => {
  it('both have taken effect, where neither ends it', async () => {
    for (const [first, second] of PAIRS) {
      if ([first, second].some((call) => ENDS.includes(call) || call === 'reload')) continue;
      const { world, visit, cookie } = await pair(first, second, { isStored: true, data: { mine: 1 } });
      const { session } = await world.visit(cookie);
      const count = (name: Call): number => [first, second].filter((call) => call === name).length;
      expect({ ...session }).toEqual({
        cart: [1],
        mine: 1,
        ...(count('login') > 0 && { userId: 'ada' }),
        ...(count('update') > 0 && { n: count('update') }),
      });
      expect(session.flash('notice')).toEqual(Array(count('flash')).fill('hello'));
      expect(visit.gone).toBe(false);
    }
  });
});
