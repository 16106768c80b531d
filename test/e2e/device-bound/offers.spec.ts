import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS } from '../../support/site.js';
import { browserOf, openBoundSite, SESSION } from './support/bound-site.js';
import { offerIn } from './support/device-browser.js';

/** Which responses ask the browser to bind a session that is not bound yet. */
describe.each(FRAMEWORKS)('the offer to bind a session ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: TestClock;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS.memory();
    site = await open();
  });
  afterEach(async () => {
    clock.restore();
    await site.close();
    await backend.close();
  });

  async function open(deviceBound = true): Promise<AnySite> {
    const opened = await openBoundSite(adapter, backend, { deviceBound });
    opened.handle('stepUp', ({ session }) => session.stepUp(2));
    opened.handle('act', ({ session }) => session.actAs('bob', { limit: '5m' }));
    opened.handle('stopActing', ({ session }) => session.stopActing());
    return opened;
  }

  it.each(['stepUp', 'act'])('comes again with %s, and the key then holds', async (call) => {
    const browser = browserOf(site);
    await browser.signIn('ann'); // a browser that does not register
    clock.advance(10 * MINUTE);
    const offer = offerIn(await browser.client.post(`/run/${call}`));
    expect(await browser.register(offer!)).toMatchObject({ status: 200 });
    expect(await browser.refresh()).toMatchObject({ status: 200 });
    expect((await browser.robbedOf(SESSION).client.get('/me')).status).toBe(401);
  });

  it.each(['stepUp', 'act'])('comes with %s in a session from before the option was set', async (call) => {
    const before = await open(false);
    const old = before.client();
    await old.post('/run/login', { userId: 'ann' });
    await before.close();
    const browser = browserOf(site);
    for (const [name, value] of old.cookies) browser.client.cookies.set(name, value);
    expect(offerIn(await browser.client.post('/run/set', { a: 1 }))).toBeUndefined();
    const offer = offerIn(await browser.client.post(`/run/${call}`));
    expect(await browser.register(offer!)).toMatchObject({ status: 200 });
  });

  it.each(['stepUp', 'act'])(
    'does not come with %s in a bound session, which keeps its key',
    async (call) => {
      const browser = browserOf(site);
      await browser.bind('ann');
      expect(offerIn(await browser.client.post(`/run/${call}`))).toBeUndefined();
      expect(await browser.refresh()).toMatchObject({ status: 200 });
    },
  );

  it('does not come at the limit of acting, when a thief may be the next to send a request', async () => {
    const browser = browserOf(site);
    await browser.signIn('ann');
    await browser.client.post('/run/act');
    clock.advance(6 * MINUTE);
    const thief = browser.robbedOf(SESSION).client;
    for (const [method, path] of [
      ['GET', '/run/read'],
      ['POST', '/run/set'],
      ['POST', '/run/rotate'],
    ] as const) {
      const answer = await thief.request(method, path, method === 'POST' ? { a: 1 } : undefined);
      expect([path, answer.status < 300, offerIn(answer)]).toEqual([path, true, undefined]);
    }
    expect((await thief.get('/run/read')).body).toEqual({ userId: 'ann', a: 1 });
  });

  it('does not come with stopActing(), for which a thief needs nothing but the cookie', async () => {
    const browser = browserOf(site);
    await browser.signIn('ann');
    await browser.client.post('/run/act');
    const thief = browser.robbedOf(SESSION).client;
    const answer = await thief.post('/run/stopActing');
    expect([answer.status < 300, offerIn(answer)]).toEqual([true, undefined]);
    expect((await thief.get('/run/read')).body).toEqual({ userId: 'ann' });
    expect(offerIn(await thief.post('/run/set', { a: 1 }))).toBeUndefined();
  });
});
