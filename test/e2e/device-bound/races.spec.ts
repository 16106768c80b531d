import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS } from '../../support/site.js';
import { browserOf, openBoundSite } from './support/bound-site.js';
import { DeviceBrowser, type Offer, offerIn } from './support/device-browser.js';

/** Two instances, and what happens on one of them while the other one is about to store a proof. */
describe.each(FRAMEWORKS)('a proof that is stored while something else happens ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let site: AnySite;
  let other: AnySite;
  let clock: TestClock;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS.memory();
    site = await openBoundSite(adapter, backend);
    other = await openBoundSite(adapter, backend);
  });
  afterEach(async () => {
    clock.restore();
    await site.close();
    await other.close();
    await backend.close();
  });

  /** Runs something once, before the next update reaches the store. */
  function beforeUpdate(run: () => Promise<unknown>): void {
    const { store } = backend;
    const update = store.update.bind(store);
    store.update = async (changes) => {
      store.update = update;
      await run();
      return update(changes);
    };
  }

  /** The same browser, at the other instance. */
  function atOther({ client, key, identifier }: DeviceBrowser): DeviceBrowser {
    const there = new DeviceBrowser(other.client(), key);
    for (const [name, value] of client.cookies) there.client.cookies.set(name, value);
    there.identifier = identifier;
    return there;
  }

  it('brings no session back that a logout ends', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const proof = browser.key.proof(await browser.challenge());
    beforeUpdate(() => atOther(browser).client.post('/run/logout'));
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 503, setCookies: [] });
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 401, setCookies: [] });
    expect((await browser.client.get('/me')).status).toBe(401);
    expect(await site.sessions.count({ userId: 'ann' })).toBe(0);
  });

  it('brings no session back that is revoked', async () => {
    const browser = browserOf(site);
    const offer = await browser.signIn('ann');
    beforeUpdate(() => other.sessions.revokeAll('ann'));
    expect(await browser.register(offer)).toMatchObject({ status: 503, setCookies: [] });
    expect(await browser.register(offer)).toMatchObject({ status: 401, setCookies: [] });
    expect(await site.sessions.count({ userId: 'ann' })).toBe(0);
  });

  it('does not count for the login after it', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const proof = browser.key.proof(await browser.challenge());
    const there = atOther(browser);
    let offer: Offer | undefined;
    beforeUpdate(async () => (offer = await there.signIn('ann')));
    // The browser tries again, and waits for its registration.
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 503, setCookies: [] });
    expect(await there.refreshWith(proof)).toMatchObject({ status: 503, setCookies: [] });
    expect((await site.sessions.list('ann')).map(({ isBound }) => isBound)).toEqual([false]);
    expect(await there.register(offer!)).toMatchObject({ status: 200 });
    expect(await there.refreshWith(proof)).toMatchObject({ status: 403, setCookies: [] });
    expect(await there.refresh()).toMatchObject({ status: 200 });
  });

  it('binds nothing if it registers a key for the login before', async () => {
    const browser = browserOf(site);
    const offer = await browser.signIn('ann');
    const there = atOther(browser);
    beforeUpdate(() => there.signIn('ann'));
    expect(await browser.register(offer)).toMatchObject({ status: 503, setCookies: [] });
    expect(await there.register(offer)).toMatchObject({ status: 403, setCookies: [] });
    expect((await site.sessions.list('ann')).map(({ isBound }) => isBound)).toEqual([false]);
  });

  it('is stored beside what requests change', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const proof = browser.key.proof(await browser.challenge());
    beforeUpdate(() => atOther(browser).client.post('/run/set', { a: 1 }));
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 200 });
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 403 });
    expect((await browser.client.get('/run/read')).body).toEqual({ userId: 'ann', a: 1 });
  });

  it('is of a session that is the actor’s again, once the time to act is over', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    site.handle('act', ({ session }) => session.actAs('bob', { limit: '5m' }));
    await browser.client.post('/run/act');
    expect((await browser.client.get('/run/read')).body).toEqual({ userId: 'bob' });
    clock.advance(6 * MINUTE);
    site.events.length = 0;
    expect(await browser.refresh()).toMatchObject({ status: 200 });
    expect(site.events).toEqual([expect.objectContaining({ type: 'proved', userId: 'ann' })]);
    expect(site.events[0]).not.toHaveProperty('actor');
    const answer = await browser.client.get('/run/read');
    expect(answer.body).toEqual({ userId: 'ann' });
    // The new id that the end of acting gives was left for a response that can send it.
    expect(answer.setCookies).toEqual([expect.stringMatching(/^__Host-sid=s/)]);
    expect(offerIn(answer)).toBeUndefined();
    expect(await browser.refresh()).toMatchObject({ status: 200 });
  });

  it('is refused, and no error, where the row is damaged', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const proof = browser.key.proof(await browser.challenge());
    const [handle = ''] = browser.identifier.split('.');
    const [record] = await backend.store.read([handle]);
    const { device } = JSON.parse(record!.meta!) as { device: object };
    const tamper = (meta: unknown): Promise<void> => site.spy.tamper(handle, { meta: JSON.stringify(meta) });
    await tamper({ device: { ...device, key: { alg: 'ES256', spki: 'AAAA' } } });
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 403, setCookies: [] });
    for (const broken of [{ device: { ...device, key: {} } }, { device: 'x' }, []]) {
      await tamper(broken);
      site.events.length = 0;
      expect(await browser.refreshWith(proof)).toMatchObject({ status: 401, setCookies: [] });
      expect(site.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
    }
  });
});
