import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { DAY, HOUR, MINUTE, SECOND, TestClock } from '../../support/clock.js';
import { tokenOf } from '../../support/ids.js';
import { deferred, type Site } from '../../support/site.js';
import { type Row, RowStore } from './support/rows.js';
import { at, idOf, type OldSite, openNew, openOld } from './support/sites.js';

/** What stands in a row, and what each side makes of what the other one wrote. */
describe('a row', () => {
  let clock: TestClock;
  let store: RowStore;
  let old: OldSite;
  let site: Site;

  beforeEach(() => {
    clock = new TestClock();
    store = new RowStore();
  });
  afterEach(async () => {
    expect(old.errors).toEqual([]);
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

  const row = (): Row => store.row()!;

  /** How long from now until a moment in a row, to the minute: a test takes some time. */
  const until = (moment: unknown): number =>
    Math.round((Date.parse(String(moment)) - Date.now()) / MINUTE) * MINUTE;

  describe('of the new one', () => {
    it('is what express-session would write, and its facts, out of the way', async () => {
      const { onNew } = await open({ cookie: { secure: false, maxAge: '2h' } });
      const now = Date.now();
      await onNew.post('/run/set', { color: 'green' });
      expect(row()).toEqual({
        cookie: {
          originalMaxAge: 2 * HOUR,
          expires: expect.any(String),
          secure: false,
          httpOnly: true,
          path: '/',
          sameSite: 'lax',
          nestSession: {
            token: tokenOf(idOf(onNew)),
            previousToken: null,
            previousUntil: null,
            epoch: 1,
            version: expect.any(Number),
            meta: null,
            userId: null,
            createdAt: expect.any(Number),
            lastSeenAt: expect.any(Number),
            authenticatedAt: null,
            ip: '127.0.0.1',
            userAgent: 'node',
          },
        },
        color: 'green',
      });
      expect(until(row().cookie.expires)).toBe(2 * HOUR);
      expect(row().cookie.nestSession!.createdAt).toBeGreaterThanOrEqual(now);
    });

    it('has the attributes of the cookie as configured', async () => {
      const cookie = {
        path: '/run',
        domain: 'example.test',
        httpOnly: false,
        secure: false,
        sameSite: 'strict',
        priority: 'high',
      } as const;
      const { onNew } = await open({ cookie });
      await onNew.post('/run/set', { color: 'green' });
      const { nestSession: _, expires, ...attributes } = row().cookie;
      expect(attributes).toEqual({ ...cookie, originalMaxAge: null });
      expect(until(expires)).toBe(DAY);
    });

    it('has the attributes that a handler has given the session', async () => {
      const { onOld, onNew } = await open({ cookie: { secure: false } });
      site.handle('cookie', ({ session }) => {
        session.color = 'green';
        session.cookie.sameSite = 'strict';
        session.cookie.maxAge = 3 * HOUR;
      });
      await onNew.get('/run/cookie');
      expect(row().cookie).toMatchObject({ sameSite: 'strict', originalMaxAge: 3 * HOUR });
      const { body } = await onOld.get('/run/cookie');
      expect(body).toMatchObject({ sameSite: 'strict', originalMaxAge: 3 * HOUR, path: '/', httpOnly: true });
      expect(until(body.expires)).toBe(3 * HOUR);
    });

    it('ends with the idle timeout, whatever the cookie says', async () => {
      const { onNew } = await open({ cookie: { maxAge: '7d' }, idleTimeout: '30m' });
      await onNew.post('/run/set', { color: 'green' });
      expect(row().cookie.originalMaxAge).toBe(7 * DAY);
      expect(until(row().cookie.expires)).toBe(30 * MINUTE);
    });

    it.each([true, false])(
      'has no attribute that express-session cannot send (rolling: %s)',
      async (rolling) => {
        const auto = { secure: 'auto', sameSite: 'auto', maxAge: '1h' } as const;
        const { onOld, onNew } = await open({ cookie: auto }, { rolling });
        await onNew.post('/run/set', { color: 'green' });
        expect(row().cookie).toMatchObject({ secure: true, sameSite: 'lax' });
        expect(await onOld.post('/run/set', { size: 1 })).toMatchObject({ status: 200 });
        expect((await onNew.get('/run/read')).body).toEqual({ color: 'green', size: 1 });
      },
    );

    it('is sent again by the old one with its attributes', async () => {
      const cookie = { secure: false, sameSite: 'strict', maxAge: '1h', httpOnly: false } as const;
      const { onOld, onNew } = await open({ cookie }, { rolling: true, cookie: { sameSite: 'lax' } });
      await onNew.post('/run/set', { color: 'green' });
      const { setCookies } = await onOld.get('/run/read');
      expect(setCookies).toHaveLength(1);
      const [, ...attributes] = setCookies[0]!.split('; ');
      expect(attributes).toEqual(['Path=/', expect.stringMatching(/^Expires=/), 'SameSite=Strict']);
      expect(until(attributes[1]!.slice('Expires='.length))).toBe(HOUR);
    });

    it('keeps what the module keeps beside the data', async () => {
      const { onNew } = await open();
      await onNew.post('/run/login', { userId: 'ann' });
      site.handle('tell', ({ session }) => session.flash('info', 'saved'));
      await onNew.get('/run/tell');
      const { nestSession } = row().cookie;
      expect(nestSession).toMatchObject({ userId: 'ann', authenticatedAt: expect.any(Number), epoch: 1 });
      expect(JSON.parse(String(nestSession!.meta))).toMatchObject({
        flash: { info: [[expect.any(String), 'saved']] },
      });
      expect(Object.keys(row())).toEqual(['cookie', 'userId']);
    });

    it('is not written by a mere read within the touch interval', async () => {
      const { onNew } = await open();
      await onNew.post('/run/set', { color: 'green' });
      store.calls.splice(0);
      await onNew.get('/run/read');
      expect(store.calls.map(([method]) => method)).toEqual(['get']);
    });

    it('costs a change two reads and a write', async () => {
      const { onNew } = await open();
      await onNew.post('/run/set', { color: 'green' });
      store.calls.splice(0);
      await onNew.post('/run/set', { color: 'red' });
      expect(store.calls.map(([method]) => method)).toEqual(['get', 'get', 'set']);
    });

    it('says nothing of the device where that is not tracked', async () => {
      const { onNew } = await open({ trackDevice: false });
      await onNew.post('/run/set', { color: 'green' });
      expect(row().cookie.nestSession).toMatchObject({ ip: null, userAgent: null });
    });
  });

  describe('of express-session', () => {
    it('gets its facts with the first request that uses the session, and keeps its data', async () => {
      const { onOld, onNew } = await open();
      await onOld.post('/run/set', { color: 'green' });
      const { cookie: _, ...data } = row();
      await onNew.get('/run/read');
      const { cookie, ...same } = row();
      expect(same).toEqual(data);
      expect(cookie.nestSession).toMatchObject({ lastSeenAt: expect.any(Number), ip: '127.0.0.1' });
      store.calls.splice(0);
      await onNew.get('/run/read');
      expect(store.count('set')).toBe(0);
    });

    it('begins when it is first seen: the absolute timeout counts from there', async () => {
      const { onOld, onNew } = await open({ idleTimeout: '2h', absoluteTimeout: '3h' });
      await onOld.post('/run/set', { color: 'green' });
      clock.advance(10 * HOUR);
      for (let hours = 0; hours < 3; hours++) {
        expect((await onNew.get('/run/read')).body).toEqual({ color: 'green' });
        clock.advance(HOUR);
      }
      expect((await onNew.get('/run/read')).body).toEqual({});
    });

    it('keeps the life it had (“remember me”), as cookie and as idle timeout', async () => {
      const { onOld, onNew } = await open({ idleTimeout: '1h' });
      old.handle('remember', ({ session }) => {
        session.color = 'green';
        session.cookie.maxAge = 7 * DAY;
      });
      await onOld.get('/run/remember');
      const { setCookies, body } = await onNew.get('/run/read');
      expect(body).toEqual({ color: 'green' });
      // express-session works out the life anew from its end: a millisecond may have passed.
      const { originalMaxAge } = row().cookie as { originalMaxAge: number };
      expect(Math.abs(originalMaxAge - 7 * DAY)).toBeLessThan(SECOND);
      expect(setCookies[0]).toContain(`; Max-Age=${Math.floor(originalMaxAge / SECOND)}; Path=/; Expires=`);
      expect(until(row().cookie.expires)).toBe(7 * DAY);
      expect((await onOld.get('/run/cookie')).body).toMatchObject({ originalMaxAge });
      clock.advance(6 * DAY);
      await onNew.post('/run/set', { size: 1 });
      clock.advance(6 * DAY);
      expect((await onNew.get('/run/read')).body).toEqual({ color: 'green', size: 1 });
      clock.advance(7 * DAY + MINUTE);
      expect((await onNew.get('/run/read')).body).toEqual({});
    });

    it.each([null, false])('still ends with the browser where it did (maxAge: %s)', async (maxAge) => {
      const { onOld, onNew } = await open({ cookie: { maxAge: '7d' }, idleTimeout: '1h' });
      old.handle('forget', ({ session }) => {
        session.color = 'green';
        (session.cookie as { maxAge: unknown }).maxAge = maxAge;
      });
      await onOld.get('/run/forget');
      expect((await onNew.get('/run/read')).setCookies).toEqual([]);
      expect((await onNew.post('/run/set', { size: 1 })).setCookies).toEqual([]);
      expect(row().cookie.originalMaxAge).toBeNull();
      expect(until(row().cookie.expires)).toBe(HOUR);
    });

    it('takes the application’s settings of today where it has none', async () => {
      const { onOld, onNew } = await open({ cookie: { maxAge: '7d', sameSite: 'strict', secure: false } });
      await onOld.post('/run/set', { color: 'green' });
      store.edit((session) => ({ ...session, cookie: {} }));
      expect((await onNew.get('/run/read')).setCookies[0]).toMatch(/Max-Age=604800;.*SameSite=Strict/);
      expect(row().cookie).toMatchObject({ originalMaxAge: 7 * DAY, sameSite: 'strict', secure: false });
    });

    it('lives no longer than a hundred years', async () => {
      const { onOld, onNew } = await open({ absoluteTimeout: false });
      await onOld.post('/run/set', { color: 'green' });
      store.edit((session) => void (session.cookie.originalMaxAge = 1e15));
      await onNew.get('/run/read');
      expect(row().cookie.originalMaxAge).toBe(100 * 365.25 * DAY);
    });

    it('is alive for as long as its store says, whatever it says of its end', async () => {
      const { onOld, onNew } = await open();
      await onOld.post('/run/set', { color: 'green' });
      store.edit((session) => void (session.cookie.expires = new Date(Date.now() - DAY).toISOString()));
      expect((await onNew.get('/run/read')).body).toEqual({ color: 'green' });
    });

    it('lasts the shorter life of its cookie, not the idle timeout', async () => {
      const { onOld, onNew } = await open({ idleTimeout: '1d' }, { cookie: { maxAge: HOUR } });
      await onOld.post('/run/set', { color: 'green' });
      await onNew.get('/run/read');
      expect(until(row().cookie.expires)).toBe(HOUR);
      clock.advance(HOUR + MINUTE);
      expect((await onNew.get('/run/read')).body).toEqual({});
    });

    it('with the user of Passport is the user’s', async () => {
      const { onOld, onNew } = await open();
      await onOld.post('/run/set', { passport: { user: 'ann' } });
      await onNew.post('/run/set', { color: 'green' });
      expect(row().cookie.nestSession).toMatchObject({ userId: 'ann', authenticatedAt: null });
      await onNew.get('/run/read');
      expect(site.events.at(-1)).toMatchObject({ type: 'loaded', userId: 'ann' });
      await onNew.post('/run/logout');
      expect(site.events.at(-1)).toMatchObject({ type: 'destroyed', userId: 'ann' });
    });

    it('that is read and changed at the same time loses nothing', async () => {
      const { onOld, onNew } = await open();
      await onOld.post('/run/set', { color: 'green' });
      const visits = Array.from({ length: 6 }, (_, n) =>
        n % 2 ? onNew.get('/run/read') : onNew.post('/run/set', { [`k${n}`]: n }),
      );
      expect((await Promise.all(visits)).map(({ status }) => status)).toEqual(visits.map(() => 200));
      expect((await onNew.get('/run/read')).body).toEqual({ color: 'green', k0: 0, k2: 2, k4: 4 });
    });

    // The version of such a row says nothing of what came first.
    it.each([0, 1, 2, 3, 4, 5])(
      'that the old one changes while the new one does loses nothing (%d)',
      async (n) => {
        const { onOld, onNew } = await open();
        await onOld.post('/run/set', { n });
        const [reached, go] = [deferred(), deferred()];
        site.handle('late', async ({ session }) => {
          void session.n;
          reached.resolve();
          await go.promise;
          session.late = 1;
        });
        const late = onNew.get('/run/late');
        await reached.promise;
        await onOld.post('/run/set', { early: 1 });
        go.resolve();
        expect((await late).status).toBe(200);
        expect((await onNew.get('/run/read')).body).toEqual({ n, early: 1, late: 1 });
      },
    );

    it('kept by reference in the store is not changed by reading it', async () => {
      const sessions = new Map<string, object>();
      store.set = (id, session, done) => done?.(void sessions.set(id, session));
      store.get = (id, done) => done(null, sessions.get(id));
      const { onOld, onNew } = await open();
      await onOld.post('/run/set', { color: 'green', list: [1] });
      site.handle('spoil', async ({ session }) => {
        (session.list as number[]).push(2);
        await session.reload();
        return session.list;
      });
      expect((await onNew.get('/run/spoil')).body).toEqual([1]);
      await onNew.post('/run/set', { size: 1 });
      expect((await onOld.get('/run/read')).body).toEqual({ color: 'green', list: [1], size: 1 });
      await onOld.post('/run/set', { size: 2 });
      expect((await onNew.get('/run/read')).body).toEqual({ color: 'green', list: [1], size: 2 });
    });
  });
});
