import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import { deferred, type Handler } from '../../support/site.js';
import { at, type CookieSite, openCookieSite, seen, visitor } from './support/site.js';

/** Of requests at the same time the cookie that arrives last wins; what one process can do about it. */
describe('requests at the same time', () => {
  let site: CookieSite;
  let other: CookieSite;

  beforeEach(async () => {
    [site, other] = [await openCookieSite(), await openCookieSite()];
  });
  afterEach(async () => {
    await Promise.all([site.close(), other.close()]);
  });

  /** A request that has its session and waits to be let go; its answer reaches the browser when it does. */
  async function slow(where: CookieSite, client: Client, work: Handler) {
    const [reached, go] = [deferred(), deferred()];
    where.handle('slow', async (visit) => {
      void visit.session.color;
      reached.resolve();
      await go.promise;
      return work(visit);
    });
    const browser = at(where, client);
    const answer = browser.get('/run/slow');
    await reached.promise;
    return async () => {
      go.resolve();
      const { setCookies } = await answer;
      return { setCookies, browser };
    };
  }

  it('that change different keys are merged within a process: the last cookie has both', async () => {
    const client = await visitor(site);
    const finish = await slow(site, client, ({ session }) => void (session.late = 1));
    await client.post('/run/set', { early: 1 });
    const { browser } = await finish();
    expect(await seen(browser)).toEqual({ color: 'green', early: 1, late: 1 });
    // Nor does the cookie from before, should its response come last, bring back what was.
    expect(await seen(client)).toEqual({ color: 'green', early: 1, late: 1 });
  });

  it('whose responses cross: a browser with the older cookie is sent the newest, within a process', async () => {
    const client = await visitor(site);
    const older = client.copy();
    await client.post('/run/set', { early: 1 });
    const answer = await older.get('/run/read');
    expect(answer.body).toEqual({ color: 'green', early: 1 });
    expect(answer.setCookies).toHaveLength(1);
    expect(await seen(at(other, older))).toEqual({ color: 'green', early: 1 });
    expect((await older.get('/run/read')).setCookies).toEqual([]);
  });

  it('that change different keys in two processes: the last cookie wins, with all it holds', async () => {
    const client = await visitor(site);
    const finish = await slow(other, client, ({ session }) => void (session.late = 1));
    await client.post('/run/set', { early: 1 });
    const { browser } = await finish();
    expect(await seen(client)).toEqual({ color: 'green', early: 1 });
    expect(await seen(browser)).toEqual({ color: 'green', late: 1 });
  });

  it('that change something send it, however often another one did meanwhile', async () => {
    const client = await visitor(site);
    const finish = await slow(site, client, ({ session }) => void (session.late = 1));
    for (const early of [1, 2, 3]) await client.post('/run/set', { early });
    expect(await seen((await finish()).browser)).toMatchObject({ late: 1 });
  });

  it('that store at the same time in one process count on: a hundred updates count a hundred in the last cookie', async () => {
    const client = await visitor(site);
    const [all, go] = [deferred(), deferred()];
    let waiting = 0;
    site.handle('add', async ({ session }) => {
      if (++waiting === 100) all.resolve();
      await go.promise;
      return session.update((s) => ({ count: (s.count = ((s.count as number | undefined) ?? 0) + 1) }));
    });
    const answers = Array.from({ length: 100 }, () => {
      const browser = client.copy();
      return browser.get('/run/add').then(({ body }) => ({ count: body.count as number, browser }));
    });
    await all.promise;
    go.resolve();
    const counts = (await Promise.all(answers)).sort((a, b) => a.count - b.count);
    expect(counts.map(({ count }) => count)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await seen(counts.at(-1)!.browser)).toEqual({ color: 'green', count: 100 });
  });

  it.each(['touch', 'rolling'])('one that only reads undoes nothing, within a process (%s)', async (how) => {
    const clock = new TestClock();
    const busy = await openCookieSite(how === 'rolling' ? { rolling: true } : { touchInterval: '1m' });
    const client = await visitor(busy);
    clock.advance(2 * MINUTE);
    const finish = await slow(busy, client, ({ session }) => session.color);
    await client.post('/run/set', { early: 1 });
    const { setCookies, browser } = await finish();
    // Under `rolling` every response sends it: this one as it is by now.
    expect(setCookies).toHaveLength(how === 'rolling' ? 1 : 0);
    if (how === 'rolling') expect(await seen(at(other, browser))).toEqual({ color: 'green', early: 1 });
    expect(await seen(at(other, client))).toEqual({ color: 'green', early: 1 });
    await busy.close();
    clock.restore();
  });

  it.each(['logout', 'login', 'rotate'])(
    'a late one brings no old cookie back after %s, within a process',
    async (what) => {
      const client = await visitor(site, { color: 'green', userId: 'ann' });
      const finish = await slow(site, client, ({ session }) => void (session.late = 1));
      await client.post(`/run/${what}`, { userId: 'bob' });
      expect((await finish()).setCookies).toEqual([]);
    },
  );

  it('and between processes it does: only the browser knows, as is documented', async () => {
    const client = await visitor(site);
    const finish = await slow(other, client, ({ session }) => void (session.late = 1));
    await client.post('/run/logout');
    expect((await finish()).setCookies).toHaveLength(1);
  });
});
