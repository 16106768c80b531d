import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS } from '../../support/site.js';
import { browserOf, openBoundSite } from './support/bound-site.js';
import type { DeviceBrowser } from './support/device-browser.js';

describe.each(FRAMEWORKS)('the end of a bound session by its deadlines ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: TestClock;
  let browser: DeviceBrowser;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS.memory();
    site = await openBoundSite(adapter, backend, { idleTimeout: '30m', absoluteTimeout: '1h' });
    browser = browserOf(site);
    await browser.bind('ann');
  });
  afterEach(async () => {
    clock.restore();
    await site.close();
    await backend.close();
  });

  /** The browser gives its key up, the page asks to sign in, and the next session is bound as usual. */
  async function expectEnded(): Promise<void> {
    site.events.length = 0;
    expect(await browser.refreshWith()).toMatchObject({ status: 401, setCookies: [] });
    expect(site.events).toEqual([]);
    expect(await browser.client.get('/me')).toMatchObject({ status: 401, body: { code: 'LOGIN_REQUIRED' } });
    expect(site.events).toMatchObject([{ type: 'rejected', reason: 'expired', userId: 'ann' }]);
    expect(await browser.bind('ann')).toMatchObject({ status: 200 });
    expect(await browser.client.get('/me')).toMatchObject({ status: 200 });
  }

  it('comes with the idle timeout, which proofs do not extend', async () => {
    for (let minutes = 0; minutes < 30; minutes += 10) {
      expect(await browser.refresh()).toMatchObject({ status: 200 });
      clock.advance(10 * MINUTE);
    }
    await expectEnded();
  });

  it('comes with the absolute timeout, whatever is proved and used', async () => {
    for (let minutes = 0; minutes < 60; minutes += 10) {
      expect(await browser.refresh()).toMatchObject({ status: 200 });
      expect(await browser.client.get('/me')).toMatchObject({ status: 200 });
      clock.advance(10 * MINUTE);
    }
    await expectEnded();
  });

  it('comes for a proof under way, too', async () => {
    clock.advance(29.9 * MINUTE);
    const proof = browser.key.proof(await browser.challenge());
    clock.advance(0.2 * MINUTE);
    expect(await browser.refreshWith(proof)).toMatchObject({ status: 401, setCookies: [] });
    expect(site.events.at(-1)).not.toMatchObject({ type: 'proved' });
  });
});
