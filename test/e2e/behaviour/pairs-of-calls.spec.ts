import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { TRIES_ALL } from '../../support/scope.js';
import { type AnySession, type AnySite, type Backend, BACKENDS, siteOn } from '../../support/site.js';

const openSite = siteOn('express');

/** What an application can ask of a session; those named in {@link ENDS} are to end the id that the request came with. */
const CALLS: Record<string, (session: AnySession) => unknown> = {
  save: (session) => session.save(),
  reload: (session) => session.reload(),
  update: (session) => session.update((s) => void (s.count = 1)),
  login: (session) => session.login('ada'),
  'login, keeping nothing': (session) => session.login('ada', { keep: [] }),
  logout: (session) => session.logout(),
  rotate: (session) => session.rotate(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
  flash: (session) => session.flash('note', 'hello'),
};
const ENDS = ['login', 'login, keeping nothing', 'logout', 'rotate', 'regenerate', 'destroy'];
const NAMES = Object.keys(CALLS);

/** Usually on the store that takes a round trip: what overlaps there does not in memory. */
const KINDS = TRIES_ALL ? (['memory', 'postgres'] as const) : (['postgres'] as const);

/** FAULTS of overlapping calls: all pairs, made at once, waited for or not, by a new visitor and by a known one. */
describe.each(KINDS)('two calls at once, kept in %s', (kind) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    site = await openSite(backend);
    site.handle('pair', async ({ session, body }) => {
      const { names, isWaitedFor } = body as { names: string[]; isWaitedFor: boolean };
      session.attempts = 1;
      const calls = names.map((name) => CALLS[name]!(session));
      const outcomes = isWaitedFor ? await Promise.allSettled(calls) : [];
      return outcomes.map(({ status }) => status);
    });
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  const isOpen = async (client: Client): Promise<boolean> =>
    client.cookies.size > 0 && !(await client.get('/run/facts')).body.isNew;

  it.each(
    NAMES.flatMap((first) =>
      [true, false].flatMap((isWaitedFor) =>
        [true, false].map((isKnown) => ({ first, isWaitedFor, isKnown })),
      ),
    ),
  )('$first() and each of the others (waited for: $isWaitedFor, known: $isKnown)', async (given) => {
    const { first, isWaitedFor, isKnown } = given;
    const broken: string[] = [];
    for (const second of NAMES) {
      await site.sessions.revokeEverything();
      const client = site.client();
      if (isKnown) await client.post('/run/set', { cart: [1] });
      const before = client.copy();
      const answer = await client.post('/run/pair', { names: [first, second], isWaitedFor });
      const outcomes = answer.status < 400 ? (answer.body as string[]) : [];
      const isReached = await isOpen(client);
      const lives = await site.sessions.count();
      const because = `${second}: ${answer.status} ${outcomes.join()}`;
      if (lives !== (isReached ? 1 : 0)) broken.push(`${because}; ${lives} live, reached: ${isReached}`);
      const isSent = answer.setCookies.length > 0 && client.cookies.size > 0;
      if (isSent && !isReached) broken.push(`${because}; the cookie that was sent is dead`);
      const hasEnded = [first, second].some((name, index) => {
        const isDone = isWaitedFor ? outcomes[index] === 'fulfilled' : answer.status < 400;
        return isDone && ENDS.includes(name);
      });
      if (isKnown && hasEnded && (await isOpen(before))) broken.push(`${because}; the old id lives`);
    }
    expect(broken).toEqual([]);
  });
});
