import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SessionEvent, SessionRecord } from '../../lib/index.js';
import type { Client } from '../support/client.js';
import { keyOf } from '../support/ids.js';
import { PATIENCE, runs } from '../support/property.js';
import { type Backend, deferred, openSite, type Site } from '../support/site.js';
import { PLACES } from '../support/variants.js';
import { anyMeta, badRows, oddFields } from './support/rows.js';

/** What an application does with a session, one thing a request. */
const WORK = [
  'read',
  'facts',
  'set',
  'increment',
  'flash',
  'login',
  'rotate',
  'regenerate',
  'logout',
  'destroy',
];

/** More than any of these takes where nothing goes round in circles. */
const MOST_CALLS = 6;

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** DESIGN 5.9: a row that was changed by hand is a fresh session and an event, never an error. */
describe.each(PLACES)('rows changed by hand ($place)', ({ open, options, share, variant }) => {
  // Where data is sealed, nobody looks at what stands in `meta` beside it.
  const bad = variant === 'plain' ? badRows : badRows.filter(({ data }) => data !== undefined);
  let backend: Backend;
  let site: Site;

  beforeAll(async () => {
    backend = await open();
    site = await openSite(backend, options);
    site.handle('flash', ({ session }) => {
      session.flash('info', 1);
      return session.flash('info');
    });
    site.handle('cookie', ({ session }) => ({ ...session.cookie, expires: session.cookie.expires }));
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(() => site.spy.reset());

  async function visitorWith(change: Partial<SessionRecord>): Promise<Client> {
    await site.sessions.revokeEverything();
    const client = site.client();
    await client.post('/run/set', { owner: 'ada', userId: 'ada' });
    await site.spy.tamper(keyOf(client.sessionId!), change);
    site.events.splice(0);
    site.spy.reset();
    return client;
  }

  /** What everybody may rely on, whatever the row: an answer, no running in circles, and a session from then on. */
  async function work(client: Client, name: string): Promise<{ body: unknown; rejections: SessionEvent[] }> {
    const answer = await client.post(`/run/${name}`, { color: 'red', userId: 'bob' });
    expect([name, answer.status]).toEqual([name, 200]);
    expect(site.spy.count()).toBeLessThanOrEqual(MOST_CALLS);
    const rejections = site.events.filter(({ type }) => type === 'rejected');
    await client.post('/run/set', { after: true });
    expect((await client.get('/run/read')).body).toMatchObject({ after: true });
    return { body: answer.body, rejections };
  }

  it(
    'that nobody can make sense of are given up, with an event',
    async () => {
      await fc.assert(
        fc.asyncProperty(bad, fc.constantFrom(...WORK), async (change, name) => {
          const client = await visitorWith(change);
          const handle = keyOf(client.sessionId!);
          const { body, rejections } = await work(client, name);
          if (name === 'read') expect(body).toEqual({});
          if (name === 'facts') expect(body).toMatchObject({ isNew: true });
          if (name === 'increment') expect(body).toEqual({ count: 1 });
          expect(rejections).toMatchObject([{ reason: 'corrupt', handle }]);
        }),
        runs(80 * share),
      );
    },
    PATIENCE,
  );

  it(
    'whose meta is of any shape are read or given up, never an error',
    async () => {
      const meta = fc.oneof(anyMeta, anyMeta);
      await fc.assert(
        fc.asyncProperty(meta, fc.constantFrom(...WORK, 'cookie'), async (text, name) => {
          const client = await visitorWith({ meta: text });
          const { body, rejections } = await work(client, name);
          const isGivenUp = rejections.length > 0;
          if (isGivenUp) expect(rejections).toMatchObject([{ reason: 'corrupt' }]);
          if (name === 'read' && !isGivenUp) expect(body).toEqual({ owner: 'ada', userId: 'ada' });
          if (name === 'read' && isGivenUp) expect(body).toEqual({});
          expect(Object.keys(Object.prototype)).toEqual([]);
        }),
        runs(80 * share),
      );
    },
    PATIENCE,
  );

  it(
    'while a request has its session in hand end it, and its change is dropped',
    async () => {
      await fc.assert(
        fc.asyncProperty(bad, async (change) => {
          const client = await visitorWith({});
          const [reached, go] = [deferred(), deferred()];
          site.handle('slow', async ({ session }) => {
            session.color = 'red';
            reached.resolve();
            await go.promise;
          });
          const answer = client.post('/run/slow');
          await reached.promise;
          await site.spy.tamper(keyOf(client.sessionId!), change);
          site.spy.reset();
          go.resolve();
          expect((await answer).status).toBe(200);
          expect(site.spy.count()).toBeLessThanOrEqual(MOST_CALLS);
          expect(site.events).toContainEqual(
            expect.objectContaining({ type: 'rejected', reason: 'corrupt' }),
          );
          expect((await client.get('/run/read')).body).toEqual({});
        }),
        runs(30 * share),
      );
    },
    PATIENCE,
  );

  it(
    'in columns of their own are odd, and no error either',
    async () => {
      await fc.assert(
        fc.asyncProperty(oddFields, fc.constantFrom(...WORK, 'cookie'), async (change, name) => {
          await work(await visitorWith(change), name);
          expect((await site.sessions.list('ada')).length).toBeLessThanOrEqual(1);
        }),
        runs(80 * share),
      );
    },
    PATIENCE,
  );

  it(
    'can be listed, counted and revoked all the same',
    async () => {
      await fc.assert(
        fc.asyncProperty(bad, async (change) => {
          const handle = keyOf((await visitorWith(change)).sessionId!);
          expect(await site.sessions.list('ada')).toMatchObject([{ handle, userId: 'ada' }]);
          expect(await site.sessions.get(handle)).toMatchObject({ handle });
          expect(await site.sessions.count({ userId: 'ada' })).toBe(1);
          expect(await site.sessions.revoke(handle)).toBe(true);
        }),
        runs(20 * share),
      );
    },
    PATIENCE,
  );

  if (variant !== 'plain') return;

  it(
    'as a newer release may write them are read: what is not known is passed over',
    async () => {
      const unknown = fc.dictionary(fc.stringMatching(/^new[a-z]{0,5}$/), fc.jsonValue());
      await fc.assert(
        fc.asyncProperty(unknown, async (newer) => {
          const client = await visitorWith({ meta: JSON.stringify({ ...newer, cookie: newer, version: 3 }) });
          expect((await client.get('/run/read')).body).toEqual({ owner: 'ada', userId: 'ada' });
          expect(site.events).toMatchObject([{ type: 'loaded' }]);
        }),
        runs(15 * share),
      );
    },
    PATIENCE,
  );

  async function expectGivenUp(change: Partial<SessionRecord>): Promise<void> {
    for (const name of WORK) {
      const { rejections } = await work(await visitorWith(change), name);
      expect(rejections).toMatchObject([{ reason: 'corrupt' }]);
    }
  }

  it('with a flash value nested too deeply to be written again are given up', () =>
    expectGivenUp({ meta: `{"flash":{"a":[["x",${nested(100_000)}]]}}` }));

  it.each([
    ['with a number that is infinite', '{"owner":1e999}'],
    ['with data nested too deeply', `{"owner":${nested(100_000)}}`],
    ['with data nested too deeply to be checked, and another text', `{ "owner":${nested(2_000)}}`],
  ])('%s are given up', (_name, data) => expectGivenUp({ data }));
});
