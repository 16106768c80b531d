import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExpressSessionStore } from '../../../lib/express/index.js';
import type { SessionModuleOptions } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { HOUR } from '../../support/clock.js';
import { deferred, type Site } from '../../support/site.js';
import { at, idOf, type OldSite, openNew, openOld } from './support/sites.js';
import { STORE_KINDS, type StoreKind } from './support/store-kinds.js';

/** Old instances with express-session and new ones with SessionModule, side by side over the same rows. */
describe.each(STORE_KINDS)('a rolling deployment on %s', (name, make) => {
  let kind: StoreKind;
  let old: OldSite;
  let site: Site;

  beforeAll(async () => {
    kind = make();
    await kind.before();
  });
  afterAll(() => kind.after());
  beforeEach(() => kind.clear());
  afterEach(async () => {
    expect(old.errors).toEqual([]);
    await old.close();
    await site.close();
  });

  const read = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body;

  /** One browser, at both. */
  async function open({
    ofOld = {},
    ofNew = {},
  }: { ofOld?: object; ofNew?: Partial<SessionModuleOptions> } = {}) {
    const stores: ExpressSessionStore[] = [kind.open(), kind.open()];
    old = await openOld(stores[0]!, ofOld);
    site = await openNew(stores[1], ofNew);
    const browser = old.client();
    return { onOld: browser, onNew: at(site, browser) };
  }

  const DATA = { text: 'ünï☃', list: [1, { two: [] }], no: null, passport: { user: 'ann' } };

  it('a session of the old one is the same session in the new one', async () => {
    const { onOld, onNew } = await open();
    await onOld.post('/run/set', DATA);
    const cookie = onOld.cookieHeader;
    expect(await read(onNew)).toEqual(DATA);
    expect(onNew.cookieHeader).toBe(cookie);
    expect(await kind.ids()).toEqual([idOf(onNew)]);
    expect((await onNew.get('/run/facts')).body).toMatchObject({ isNew: false, authenticatedAt: null });
  });

  it('a session of the new one is the same session in the old one', async () => {
    const { onOld, onNew } = await open();
    await onNew.post('/run/set', DATA);
    const cookie = onNew.cookieHeader;
    expect(await read(onOld)).toEqual(DATA);
    expect((await onOld.get('/run/facts')).body).toEqual({ id: idOf(onNew) });
    expect(onOld.cookieHeader).toBe(cookie);
  });

  describe.each([true, false])('with resave: %s in the old one', (resave) => {
    it.each([{}, { rolling: true, cookie: { maxAge: HOUR } }])(
      'requests that go to and fro lose nothing of the data (%j)',
      async (more) => {
        const { onOld, onNew } = await open({ ofOld: { resave, ...more } });
        await onOld.post('/run/set', { start: 'old' });
        for (let turn = 0; turn < 4; turn++) {
          await onNew.post('/run/set', { [`new${turn}`]: turn });
          await read(onOld);
          await onOld.post('/run/set', { [`old${turn}`]: turn });
          await read(onNew);
        }
        const all = { start: 'old' };
        for (let turn = 0; turn < 4; turn++)
          Object.assign(all, { [`new${turn}`]: turn, [`old${turn}`]: turn });
        expect(await read(onNew)).toEqual(all);
        expect(await read(onOld)).toEqual(all);
        expect(await kind.ids()).toEqual([idOf(onNew)]);
      },
    );

    it('removals reach the other one', async () => {
      const { onOld, onNew } = await open({ ofOld: { resave } });
      await onOld.post('/run/set', { a: 1, b: 2, c: 3 });
      site.handle('remove', ({ session }) => void delete session.a);
      old.handle('remove', ({ session }) => void delete session.b);
      await onNew.get('/run/remove');
      await onOld.get('/run/remove');
      expect(await read(onNew)).toEqual({ c: 3 });
    });

    it('what the module keeps beside the data is lost at most, and no error', async () => {
      const { onOld, onNew } = await open({ ofOld: { resave } });
      await onNew.post('/run/login', { userId: 'ann' });
      site.handle('tell', ({ session }) => session.flash('info', 'saved'));
      site.handle('told', ({ session }) => session.flash('info'));
      await onNew.get('/run/tell');
      await onOld.post('/run/set', { changed: true });
      expect((await onNew.get('/run/told')).body).toEqual([]);
      expect((await onNew.get('/run/facts')).body).toMatchObject({ isNew: false, authenticatedAt: null });
      expect(await read(onNew)).toEqual({ userId: 'ann', changed: true });
      await onNew.get('/run/tell');
      expect((await onNew.get('/run/told')).body).toEqual(['saved']);
    });

    it('a late change in the new one keeps what the old one changed meanwhile', async () => {
      const { onOld, onNew } = await open({ ofOld: { resave } });
      await onNew.post('/run/set', { start: true });
      const reached = deferred();
      const go = deferred();
      site.handle('late', async ({ session }) => {
        void session.start;
        reached.resolve();
        await go.promise;
        session.late = 1;
      });
      const late = onNew.get('/run/late');
      await reached.promise;
      await onOld.post('/run/set', { early: 1 });
      go.resolve();
      expect((await late).status).toBe(200);
      expect(await read(onOld)).toEqual({ start: true, early: 1, late: 1 });
    });
  });

  it('what the module keeps survives requests of the old one that change nothing', async () => {
    const { onOld, onNew } = await open();
    await onNew.post('/run/login', { userId: 'ann' });
    const { body } = await onNew.get('/run/facts');
    await read(onOld);
    const again = (await onNew.get('/run/facts')).body;
    // These two write the cookie with every touch, and so leave nothing but the data.
    if (['memorystore', 'connect-memcached'].includes(name)) expect(again.authenticatedAt).toBeNull();
    else expect(again).toEqual(body);
    expect(await read(onNew)).toEqual({ userId: 'ann' });
  });

  it('login in the new one: the old id is dead for both, the new one is alive for both', async () => {
    const { onOld, onNew } = await open();
    await onOld.post('/run/set', { cart: [1] });
    const stolen = onOld.copy();
    await onNew.post('/run/login', { userId: 'ann' });
    expect(idOf(onNew)).not.toBe(idOf(stolen));
    expect(await read(stolen)).toEqual({});
    expect(await read(at(site, stolen))).toEqual({});
    expect(await read(onOld)).toEqual({ cart: [1], userId: 'ann' });
    expect(await kind.ids()).toEqual([idOf(onNew)]);
  });

  it('login in the old one: the old id is dead for both, the new one is alive for both', async () => {
    const { onOld, onNew } = await open();
    await onNew.post('/run/set', { cart: [1] });
    const stolen = onNew.copy();
    await onOld.post('/run/login', { userId: 'ann' });
    expect(await read(stolen)).toEqual({});
    expect(await read(at(old, stolen))).toEqual({});
    expect(await read(onNew)).toEqual({ userId: 'ann' });
  });

  it.each(['new', 'old'])('logout in the %s one ends the session in both', async (where) => {
    const { onOld, onNew } = await open();
    await onOld.post('/run/set', { start: true });
    await read(onNew);
    const stolen = onOld.copy();
    await (where === 'new' ? onNew : onOld).post('/run/logout');
    expect(await kind.ids()).toEqual([]);
    expect(await read(stolen)).toEqual({});
    expect(await read(at(site, stolen))).toEqual({});
  });

  it('a late change in the new one does not bring back what the old one ended', async () => {
    const { onOld, onNew } = await open();
    await onOld.post('/run/set', { start: true });
    const reached = deferred();
    const go = deferred();
    site.handle('late', async ({ session }) => {
      void session.start;
      reached.resolve();
      await go.promise;
      session.late = 1;
    });
    const late = at(site, onNew.copy()).get('/run/late');
    await reached.promise;
    await onOld.post('/run/logout');
    go.resolve();
    expect(await late).toMatchObject({ status: 200, setCookies: [] });
    expect(await kind.ids()).toEqual([]);
  });

  it('sessions without data (saveUninitialized) go to and fro, too', async () => {
    const { onOld, onNew } = await open({ ofOld: { saveUninitialized: true } });
    await read(onOld);
    expect(await read(onNew)).toEqual({});
    expect((await onNew.get('/run/facts')).body).toMatchObject({ isNew: false });
    await onNew.post('/run/set', { color: 'green' });
    expect(await read(onOld)).toEqual({ color: 'green' });
  });
});
