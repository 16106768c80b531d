import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '../support/ids.js';
import { PATIENCE, runs } from '../support/property.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { type Backend, openSite, type Site } from '../support/site.js';
import { PLACES } from '../support/variants.js';
import { anySecret, badHeaders, badValues, bytes, encoded, signed, unknownId } from './support/cookies.js';

/** A header full of cookies of the session's name costs this many signatures at most. */
const MOST_TOKENS = 8;

/** DESIGN 5.1 and 5.2: whatever a client sends, it gets an answer, and never a session that it was not given. */
describe.each(PLACES)('a Cookie header ($place)', ({ open, options, share }) => {
  let backend: Backend;
  let site: Site;
  let realId: string;

  beforeAll(async () => {
    backend = await open();
    site = await openSite(backend, options);
    const owner = site.client();
    await owner.post('/run/set', { owner: 'real' });
    realId = owner.sessionId!;
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(() => {
    site.spy.reset();
    site.events.splice(0);
    site.handle('mark', ({ session }) => void (session.mark = 1));
  });

  const visit = (path: string, cookie: string): Promise<RawAnswer> =>
    rawRequest(site.base, path, [`Cookie: ${cookie}`]);

  it(
    'that holds no id with its signature reaches no store, and changes nothing',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (g) => {
          const answer = await visit('/run/read', g(badHeaders, realId));
          expect(answer).toMatchObject({ status: 200, body: '{}', setCookies: [] });
          expect(site.spy.count()).toBe(0);
          expect(site.events.every((event) => event.type === 'rejected')).toBe(true);
          expect(site.events.splice(0).length).toBeLessThanOrEqual(1);
        }),
        runs(250 * share),
      );
    },
    PATIENCE,
  );

  it(
    'gives a visitor who begins a session an id of ours, never one of theirs',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (g) => {
          site.spy.reset();
          const header = g(badHeaders, realId);
          const answer = await visit('/run/mark', header);
          expect(answer.status).toBe(200);
          const id = /^sid=s%3A([\w-]{22}~[\w-]{43})\./.exec(answer.setCookies.join())?.[1] ?? 'none';
          expect(header).not.toContain(id);
          expect(site.spy.calls.create).toMatchObject([[{ key: keyOf(id) }]]);
          expect(site.spy.count()).toBe(1);
        }),
        runs(80 * share),
      );
    },
    PATIENCE,
  );

  it(
    'with ids of no session that are signed, as by a stolen secret, adopts none of them',
    async () => {
      const ids = fc.array(unknownId, { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(ids, fc.boolean(), async (unknown, marks) => {
          site.spy.reset();
          const header = unknown.map((id) => `sid=${encoded(signed(id))}`).join('; ');
          const answer = await visit(marks ? '/run/mark' : '/run/read', header);
          expect(answer.status).toBe(200);
          expect(answer.setCookies).toHaveLength(marks ? 1 : 0);
          for (const id of unknown) expect(answer.setCookies.join()).not.toContain(id);
          expect(site.spy.calls.read).toEqual([[keyOf(unknown[0]!)]]);
          expect(site.spy.calls.create).toHaveLength(marks ? 1 : 0);
          expect(await backend.store.read(unknown.map(keyOf))).toEqual(unknown.map(() => undefined));
        }),
        runs(80 * share),
      );
    },
    PATIENCE,
  );

  it(
    'with the key of a real session and another secret, signed as by a stolen secret, opens it for nobody',
    async () => {
      const handle = keyOf(realId);
      await fc.assert(
        fc.asyncProperty(
          anySecret,
          fc.constantFrom('read', 'mark', 'logout', 'rotate'),
          async (secret, name) => {
            site.events.splice(0);
            const answer = await visit(`/run/${name}`, `sid=${encoded(signed(`${handle}~${secret}`))}`);
            expect(answer.status).toBe(200);
            expect(answer.body).not.toContain('real');
            expect(answer.setCookies.join()).not.toContain(handle);
            expect(site.events[0]).toMatchObject({ type: 'rejected', reason: 'superseded', handle });
            expect((await visit('/run/read', `sid=${encoded(signed(realId))}`)).body).toBe(
              '{"owner":"real"}',
            );
          },
        ),
        runs(60 * share),
      );
    },
    PATIENCE,
  );

  it(
    'finds the session of the first cookie whose signature holds, among the first few',
    async () => {
      const owner = site.client();
      await owner.post('/run/set', { owner: 'real' });
      const id = owner.sessionId!;
      const others = fc.array(
        fc.oneof(
          { weight: 6, arbitrary: badValues(id).map((value) => ({ value, holds: false })) },
          { weight: 1, arbitrary: unknownId.map((other) => ({ value: signed(other), holds: true })) },
        ),
        { maxLength: 10 },
      );
      await fc.assert(
        fc.asyncProperty(others, others, async (before, after) => {
          const values = [...before, { value: signed(id) }, ...after].map(({ value }) => value);
          const answer = await visit('/run/read', values.map((value) => `sid=${encoded(value)}`).join('; '));
          const isFirst = before.length < MOST_TOKENS && !before.some(({ holds }) => holds);
          expect(answer.body).toBe(isFirst ? '{"owner":"real"}' : '{}');
          expect(answer.setCookies).toEqual([]);
        }),
        runs(200 * share),
      );
    },
    PATIENCE,
  );

  it(
    'of any bytes at all is answered, and by no more than "bad request"',
    async () => {
      const anything = fc.oneof(
        bytes,
        fc.array(fc.nat(0xff), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes)),
        fc.constantFrom('\0', `sid=${signed(realId)}\0`, 'sid=\r\n\r\n', 'sid=\x7f', 'sid=\r\nCookie: sid=a'),
        badHeaders(realId).map((header) => header.replace('=', '=\0')),
      );
      await fc.assert(
        fc.asyncProperty(anything, async (header) => {
          const answer = await visit('/run/read', header);
          expect([200, 400]).toContain(answer.status);
          expect(answer.setCookies).toEqual([]);
          expect(answer.body).not.toContain('real');
        }),
        runs(200 * share),
      );
      expect(site.spy.count()).toBe(0);
      expect((await site.client().get('/run/read')).status).toBe(200);
    },
    PATIENCE,
  );

  it(
    'in several lines, and of any length, is one header',
    async () => {
      const line = fc
        .tuple(badHeaders(realId), fc.nat(400))
        .map(([header, times]) => header.repeat(times + 1));
      await fc.assert(
        fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), async (headers) => {
          const lines = headers.map((header) => `Cookie: ${header}`);
          const answer = await rawRequest(site.base, '/run/read', lines);
          // Node refuses to read more than 16 KB, and may hang up before all of it is sent.
          expect([200, 431, 0]).toContain(answer.status);
          if (lines.join('').length < 15_000) expect(answer).toMatchObject({ status: 200, body: '{}' });
        }),
        runs(80 * share),
      );
      expect(site.spy.count()).toBe(0);
    },
    PATIENCE,
  );

  it('is the only place of an id: none in the query, the path, a body or another header counts', async () => {
    const real = encodeURIComponent(signed(realId));
    const paths = [
      `/run/read?sid=${real}`,
      `/run/read?session=${realId}&sid[id]=${real}`,
      `/run/read#${real}`,
    ];
    for (const path of paths) expect((await visit(path, `other=${real}`)).body).toBe('{}');
    const client = site.client();
    for (const name of ['sid', 'x-session-id', 'authorization', 'cookie2', 'x-sid'])
      client.headers[name] = signed(realId);
    expect((await client.post('/run/read', { sid: signed(realId), session: realId })).body).toEqual({});
    expect(site.spy.count()).toBe(0);
    expect((await visit('/run/read', `sid=${real}`)).body).toBe('{"owner":"real"}');
  });
});
