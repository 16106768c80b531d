import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as crypto from 'node:crypto';
import fc from 'fast-check';
import type { Site } from '../support/site.js';

let openings = 0;
const counting = {
  ...crypto,
  createDecipheriv: (...args: Parameters<typeof crypto.createDecipheriv>) => {
    openings++;
    return crypto.createDecipheriv(...args);
  },
};
jest.unstable_mockModule('node:crypto', () => ({ ...counting, default: counting }));
const { openSite, SECRET } = await import('../support/site.js');
const { PATIENCE, runs } = await import('../support/property.js');
const { rawRequest } = await import('../support/raw-request.js');
const { CookieSessionStore } = await import('../../lib/stores/cookie/index.js');
const { badHeaders } = await import('./support/cookies.js');

const SECRETS = [SECRET, `${SECRET} of last year`];

/** A header full of cookies of the session's name costs this many looks at most, and each look an opening a secret. */
const MOST_TOKENS = 8;

/** DESIGN 5.1, 5.2: a sealed cookie, or several, is believed as a whole or not at all, at a bounded cost (counted, not timed). */
describe('a Cookie header of sealed cookies', () => {
  let site: Site;
  /** The cookies of a session that takes three. */
  let real: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const backend = {
      kind: 'cookie',
      store: new CookieSessionStore({ chunks: 3 }),
      close: () => Promise.resolve(),
    };
    site = await openSite(backend, { secret: SECRETS });
    const owner = site.client();
    await owner.post('/run/set', { owner: 'real', fill: 'x'.repeat(8_000) });
    real = owner.cookies;
  });
  afterAll(() => site.close());
  beforeEach(() => {
    openings = 0;
    site.events.splice(0);
  });

  const header = (cookies: Iterable<readonly [string, string]>): string =>
    [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const visit = (cookie: string) => rawRequest(site.base, '/run/read', [`Cookie: ${cookie}`]);

  it('is counted here: one opening for a cookie under the first secret', async () => {
    expect((await visit(header(real))).body).toContain('"owner":"real"');
    expect(openings).toBe(1);
  });

  it(
    'with damage of any kind is a fresh session and one event, never an error',
    async () => {
      const names = [...real.keys()];
      const damage = fc.oneof(
        fc
          .tuple(fc.constantFrom(...names), fc.nat(), fc.constantFrom('A', 'B', '.', '~', ''))
          .map(([name, at, letter]) => (cookies: Map<string, string>) => {
            const value = cookies.get(name)!;
            const index = at % value.length;
            const other = value[index] === letter ? '-' : letter;
            cookies.set(name, value.slice(0, index) + other + value.slice(index + 1));
          }),
        fc
          .constantFrom(...names.slice(1))
          .map((name) => (cookies: Map<string, string>) => cookies.delete(name)),
        fc
          .tuple(fc.constantFrom(...names), fc.nat(5_000))
          .map(([name, length]) => (cookies: Map<string, string>) => {
            cookies.set(name, cookies.get(name)!.slice(0, length % cookies.get(name)!.length));
          }),
        fc.constantFrom('2', '1', '4', '8', '9', '0').map((count) => (cookies: Map<string, string>) => {
          cookies.set('sid', cookies.get('sid')!.replace(/^3/, count));
        }),
        fc.constant((cookies: Map<string, string>) => {
          const [one, two] = ['sid.1', 'sid.2'].map((name) => cookies.get(name)!);
          cookies.set('sid.1', two!).set('sid.2', one!);
        }),
      );
      await fc.assert(
        fc.asyncProperty(damage, async (spoil) => {
          site.events.splice(0);
          const cookies = new Map(real);
          spoil(cookies);
          expect(await visit(header(cookies))).toMatchObject({ status: 200, body: '{}', setCookies: [] });
          expect(site.events).toEqual([expect.objectContaining({ type: 'rejected' })]);
        }),
        runs(150),
      );
    },
    PATIENCE,
  );

  it(
    'that is no sealed cookie at all costs no opening',
    async () => {
      await fc.assert(
        fc.asyncProperty(badHeaders('x'.repeat(43)), async (bad) => {
          expect(await visit(bad)).toMatchObject({ status: 200, body: '{}', setCookies: [] });
        }),
        runs(100),
      );
      expect(openings).toBe(0);
    },
    PATIENCE,
  );

  it.each([1, 8, 9, 40])(
    'is at most eight looks: %i cookies that are sealed with another key',
    async (amount) => {
      const forged = `AQ${'A'.repeat(200)}`;
      await visit(Array.from({ length: amount }, () => `sid=${forged}`).join('; '));
      expect(openings).toBe(Math.min(amount, MOST_TOKENS) * SECRETS.length);
    },
  );

  it('nor are heads without their parts, or parts without a head', async () => {
    const [head, ...parts] = [...real];
    await visit(header(Array.from({ length: 3 }, () => head!)));
    await visit(header(parts));
    expect(openings).toBe(0);
  });

  it('is put together for eight heads at most', async () => {
    const stamp = 'B'.repeat(8);
    const heads = Array.from({ length: 100 }, () => `sid=2.AQ${stamp}${'A'.repeat(60)}`);
    await visit([...heads, `sid.1=${stamp}.${'A'.repeat(60)}`].join('; '));
    expect(openings).toBe(MOST_TOKENS * SECRETS.length);
  });
});
