import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Handler } from '../../support/site.js';
import { type CookieSite, openCookieSite, seen, visitor } from './support/site.js';

/** The cookie goes with the head of the response: what comes later has no place to go. */
describe('a change after the first byte', () => {
  let site: CookieSite;

  beforeEach(async () => {
    site = await openCookieSite();
  });
  afterEach(() => site.close());

  async function outcomeOf(work: Handler): Promise<unknown> {
    let outcome: unknown;
    site.handle('late', async (visit) => {
      visit.res.write('first ');
      await Promise.resolve(work(visit)).then(
        () => (outcome = 'done'),
        (error: unknown) => (outcome = error),
      );
      visit.res.end('last');
    });
    const client = await visitor(site);
    const answer = await client.get('/raw/late');
    expect([answer.text, answer.setCookies]).toEqual(['first last', []]);
    expect(await seen(client)).toEqual({ color: 'green' });
    return outcome;
  }

  it.each<[string, Handler]>([
    ['save()', ({ session }) => ((session.late = 1), session.save())],
    ['update()', ({ session }) => session.update((s) => void (s.late = 1))],
    ['logout()', ({ session }) => session.logout()],
    ['destroy()', ({ session }) => session.destroy()],
  ])('is an error of %s that says so', async (_, work) => {
    expect(await outcomeOf(work)).toMatchObject({
      code: 'SESSION_USAGE',
      message: expect.stringMatching(/stored only in its cookie.*before the first byte/),
    });
  });

  it.each<[string, Handler]>([
    ['login()', ({ session }) => session.login('ann')],
    ['rotate()', ({ session }) => session.rotate()],
    ['regenerate()', ({ session }) => session.regenerate()],
  ])('is an error of %s, as with every store', async (_, work) => {
    expect(await outcomeOf(work)).toMatchObject({ code: 'SESSION_USAGE' });
  });

  it('that nobody saves is lost with a warning, and the response is whole', async () => {
    expect(await outcomeOf(({ session }) => void (session.late = 1))).toBe('done');
    expect(site.warnings).toEqual([expect.stringMatching(/stored only in its cookie/)]);
  });

  it('is none where nothing changed', async () => {
    expect(await outcomeOf(({ session }) => session.save())).toBe('done');
    expect(site.warnings).toEqual([]);
  });

  it('that begins a session is warned of, as with every store', async () => {
    site.handle('late', async ({ session, res }) => {
      res.write('first ');
      session.late = 1;
      await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_USAGE' });
      res.end('last');
    });
    expect(await site.client().get('/raw/late')).toMatchObject({ text: 'first last', setCookies: [] });
    expect(site.warnings).toEqual([expect.stringMatching(/started after the response was sent/)]);
  });

  it('is not told to have been kept because the response was still on its way out', async () => {
    const outcomes: unknown[] = [];
    site.handle('race', ({ session, res }) => {
      session.early = 1;
      res.end('done');
      session.late = 1;
      return session.save().then(
        () => outcomes.push('kept'),
        () => outcomes.push('refused'),
      );
    });
    const client = await visitor(site);
    await client.get('/raw/race');
    const data = (await seen(client)) as object;
    expect(data).toHaveProperty('early');
    expect(outcomes).toEqual(['late' in data ? 'kept' : 'refused']);
  });
});
