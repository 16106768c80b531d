import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SESSION_MEMBERS } from '../../lib/core/session.js';
import { Direct } from '../support/direct.js';
import { PATIENCE, runs } from '../support/property.js';
import { type Backend, openSite, type Site } from '../support/site.js';
import { PLACES } from '../support/variants.js';
import { canonical, dataTexts, kept, keys } from './support/json.js';

const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype);

/** DESIGN 4 and 5.8: any JSON value comes back as it was written, and whatever its keys are called they are data. */
describe.each(PLACES)('session data of every kind ($place)', ({ open, options, share }) => {
  let backend: Backend;
  let site: Site;
  let direct: Direct;

  beforeAll(async () => {
    backend = await open();
    site = await openSite(backend, options);
    direct = new Direct(backend, options);
    site.handle('own-members', ({ session }) =>
      [...SESSION_MEMBERS].filter((name) => Object.hasOwn(session, name)),
    );
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  afterEach(() => {
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(PROTOTYPE);
  });

  it(
    'comes back over HTTP, but for what has the name of a member',
    async () => {
      await fc.assert(
        fc.asyncProperty(dataTexts, async (text) => {
          const client = site.client();
          expect((await client.post('/run/set', JSON.parse(text))).status).toBe(200);
          const answer = await client.get('/run/read');
          expect(answer.status).toBe(200);
          expect(canonical(answer.body)).toBe(kept(text));
          expect((await client.get('/run/own-members')).body).toEqual([]);
        }),
        runs(120 * share),
      );
    },
    PATIENCE,
  );

  it(
    'comes back from the engine, and again after a change beside it',
    async () => {
      await fc.assert(
        fc.asyncProperty(dataTexts, dataTexts, async (text, more) => {
          let token = await direct.request(undefined, (session) => {
            session.marker = 1; // so that there is a session whatever the text holds
            Object.assign(session, JSON.parse(text));
          });
          const both = { ...{ marker: 1 }, ...(JSON.parse(text) as object) };
          expect(canonical(await direct.peek(token))).toBe(kept(JSON.stringify(both)));
          token = await direct.request(token, (session) => Object.assign(session, JSON.parse(more)));
          const all = { ...both, ...(JSON.parse(more) as object) };
          expect(canonical(await direct.peek(token))).toBe(kept(JSON.stringify(all)));
        }),
        runs(200 * share),
      );
    },
    PATIENCE,
  );

  it(
    'of two requests at the same time is merged key by key, removals too',
    async () => {
      await fc.assert(
        fc.asyncProperty(dataTexts, dataTexts, dataTexts, async (text, first, second) => {
          const start = JSON.parse(text) as Record<string, unknown>;
          const token = await direct.request(undefined, (session) =>
            Object.assign(session, { marker: 1 }, start),
          );
          const [one, other] = [await direct.begin(token), await direct.begin(token)];
          const names = Object.keys(start).filter((name) => !SESSION_MEMBERS.has(name));
          const removed = names.filter((_name, index) => index % 2 === 0);
          void [one.session, other.session];
          for (const name of removed) Reflect.deleteProperty(one.session, name);
          const changes = JSON.parse(first) as object;
          Object.assign(one.session, changes);
          Object.assign(other.session, JSON.parse(second));
          await one.commit();
          await other.commit();

          const expected = new Map<string, unknown>([['marker', 1], ...Object.entries(start)]);
          for (const name of removed) expected.delete(name);
          for (const [name, value] of Object.entries(changes)) expected.set(name, value);
          // The later of two wins where both changed a key; what it assigned as it was before is no change.
          for (const [name, value] of Object.entries(JSON.parse(second) as object)) {
            const isChange = !Object.hasOwn(start, name) || canonical(start[name]) !== canonical(value);
            if (isChange && !(name === 'marker' && value === 1)) expected.set(name, value);
          }
          expect(canonical(await direct.peek(token))).toBe(kept(textOf(expected)));
        }),
        runs(150 * share),
      );
    },
    PATIENCE,
  );

  it(
    'in flash values comes back once, in order, under any key',
    async () => {
      const entries = fc.array(fc.tuple(keys, dataTexts), { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(entries, async (values) => {
          const token = await direct.request(undefined, (session) => {
            for (const [key, text] of values) session.flash(key, JSON.parse(text));
          });
          await direct.request(token, (session) => {
            for (const key of new Set(values.map(([name]) => name))) {
              const expected = values
                .filter(([name]) => name === key)
                .map(([, text]) => JSON.parse(text) as unknown);
              expect(canonical(session.flash(key))).toBe(canonical(expected));
              expect(session.flash(key)).toEqual([]);
            }
          });
          await direct.request(token, (session) => {
            for (const [key] of values) expect(session.flash(key)).toEqual([]);
          });
        }),
        runs(100 * share),
      );
    },
    PATIENCE,
  );
});

/** The text of an object with these keys, `__proto__` like any other. */
function textOf(entries: Map<string, unknown>): string {
  return `{${[...entries].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`;
}
