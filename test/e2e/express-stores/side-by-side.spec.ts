import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { DAY, HOUR, MINUTE, TestClock } from '../../support/clock.js';
import type { Client } from '../../support/client.js';
import type { Site } from '../../support/site.js';
import { RowStore } from './support/rows.js';
import { at, type OldSite, openNew, openOld } from './support/sites.js';

describe('a session of an old instance and of a new one', () => {
  let clock: TestClock;
  let store: RowStore;
  let old: OldSite;
  let site: Site;

  beforeEach(() => {
    clock = new TestClock();
    store = new RowStore();
  });

  afterEach(async () => {
    await old.close();
    await site.close();
    clock.restore();
  });

  async function open(
    ofNew: Partial<SessionModuleOptions> = {},
    ofOld: object = {},
  ): Promise<{ onOld: Client; onNew: Client }> {
    old = await openOld(store, ofOld);
    site = await openNew(store, ofNew);
    const browser = old.client();
    return { onOld: browser, onNew: at(site, browser) };
  }

  it('has the idle timeout of all where its cookie lives as long as all do', async () => {
    const { onOld, onNew } = await open(
      { cookie: { maxAge: '7d' }, idleTimeout: '30m' },
      { cookie: { maxAge: 7 * DAY } },
    );
    await onOld.post('/run/set', { color: 'green' });
    await onNew.get('/run/read');
    while (store.row()?.cookie.nestSession === undefined) await setImmediate(); // the touch need not precede the response
    clock.advance(HOUR);
    expect((await onNew.get('/run/read')).body).toEqual({});
  });

  it('is not taken from the old one, which keeps it alive by moving the store’s deadline alone', async () => {
    store.touch = (_id, _session, done) => done?.(null); // as connect-redis and connect-pg-simple
    const { onOld, onNew } = await open({ idleTimeout: '30m' });
    await onNew.post('/run/set', { color: 'green' });
    for (let turn = 0; turn < 4; turn++) {
      clock.advance(10 * MINUTE);
      expect((await onOld.get('/run/read')).body).toEqual({ color: 'green' });
    }
    expect((await onNew.get('/run/read')).body).toEqual({});
    expect((await onOld.get('/run/read')).body).toEqual({ color: 'green' });
  });
});
