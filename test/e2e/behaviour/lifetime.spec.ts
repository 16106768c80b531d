import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE, SECOND, TestClock } from '../../support/clock.js';
import {
  type AnySite,
  BACKENDS,
  type Backend,
  deferred,
  FRAMEWORKS,
  IN_COOKIES,
} from '../../support/site.js';
import type { SessionModuleOptions } from '../../../lib/index.js';

/** Every framework on each of its stores, and on the cookie itself. */
const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const].map((kind) => ({
    ...framework,
    kind,
    stage: `${kind}, ${framework.adapter}`,
  })),
);

/** Timeouts, touches and renewals (DESIGN 3, 5.7, 7), on a clock that the test moves. */
describe.each(STAGES)('the life of a session ($stage)', ({ kind, openSite }) => {
  /** What takes a server that knows of the session; test/e2e/cookie-store has what is otherwise without one. */
  const onServer = kind === 'cookie' ? () => undefined : it;
  let backend: Backend;
  let site: AnySite;
  let clock: TestClock;

  beforeAll(async () => {
    backend = await { ...BACKENDS, ...IN_COOKIES }[kind]();
  });
  afterAll(() => backend.close());
  beforeEach(() => {
    clock = new TestClock();
  });
  afterEach(async () => {
    await site.close();
    clock.restore();
  });

  async function open(options: Partial<SessionModuleOptions>) {
    site = await openSite(backend, options);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    site.spy.reset();
    site.events.splice(0);
    return client;
  }

  it('ends when it was idle for too long, whatever its cookie says', async () => {
    const client = await open({ idleTimeout: '30m', cookie: { maxAge: '7d' } });
    clock.advance(30 * MINUTE - SECOND);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    clock.advance(30 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'expired' }));
  });

  it('ends at the absolute timeout, however active', async () => {
    const client = await open({ idleTimeout: '1h', absoluteTimeout: '3h' });
    for (let minutes = 30; minutes < 180; minutes += 30) {
      clock.advance(30 * MINUTE);
      await client.post('/run/set', { minutes });
      expect((await client.get('/run/read')).body).toEqual({ color: 'green', minutes });
    }
    const { body } = await client.get('/run/facts');
    expect(Date.parse(body.expiresAt as string) - Date.parse(body.createdAt as string)).toBe(3 * HOUR);
    clock.advance(30 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
  });

  it('has no absolute timeout where that is switched off', async () => {
    const client = await open({ idleTimeout: '30d', absoluteTimeout: false });
    for (let i = 0; i < 20; i++) {
      clock.advance(29 * DAY);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    }
  });

  it('obeys a shorter idle timeout that was configured after it began', async () => {
    const client = await open({ idleTimeout: '1d' });
    await site.close();
    site = await openSite(backend, { idleTimeout: '10m' });
    const again = site.client();
    again.headers.cookie = client.cookieHeader;
    clock.advance(11 * MINUTE);
    expect((await again.get('/run/read')).body).toEqual({});
  });

  it('costs a read no write until touchInterval has passed, and then one', async () => {
    const client = await open({ touchInterval: '1m' });
    for (let i = 0; i < 5; i++) await client.get('/run/read');
    expect(site.spy.count('update')).toBe(0);
    clock.advance(MINUTE);
    await client.get('/run/read');
    await client.get('/run/read');
    expect(site.spy.count('update')).toBe(1);
    const { body } = await client.get('/run/facts');
    expect(Date.parse(body.lastSeenAt as string)).toBe(Date.now());
  });

  it('is touched often enough not to end in use where touchInterval is longer than that', async () => {
    const client = await open({ idleTimeout: '1m', touchInterval: '1h' });
    for (let i = 0; i < 6; i++) {
      clock.advance(40 * SECOND);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    }
  });

  onServer('is not brought back by a touch that met a logout', async () => {
    const client = await open({ touchInterval: '1m' });
    const stolen = client.copy();
    clock.advance(2 * MINUTE);
    const reached = deferred();
    const go = deferred();
    site.handle('slow', async () => {
      reached.resolve();
      await go.promise;
    });
    const late = stolen.get('/run/slow');
    await reached.promise;
    await client.post('/run/logout');
    go.resolve();
    expect((await late).status).toBe(200);
    expect((await stolen.get('/run/facts')).body).toMatchObject({ isNew: true });
  });

  it('“remember me”: its own cookie life is its idle timeout, under the absolute one', async () => {
    const client = await open({ idleTimeout: '1h', absoluteTimeout: '10d' });
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 7 * DAY));
    const { setCookies } = await client.get('/run/remember');
    expect(setCookies[0]).toMatch(/; Max-Age=604800; Path=\/; Expires=/);
    clock.advance(6 * DAY);
    const again = await client.get('/run/read');
    expect(again.body).toEqual({ color: 'green' });
    const left = Number(/Max-Age=(\d+)/.exec(again.setCookies[0]!)![1]);
    expect(left).toBeGreaterThan(4 * 86_400 - 60);
    expect(left).toBeLessThanOrEqual(4 * 86_400);
    clock.advance(4 * DAY);
    expect((await client.get('/run/read')).body).toEqual({});
  });

  const cookiesOf = async (request: Promise<{ setCookies: string[] }>) => (await request).setCookies.length;

  onServer(
    'a persistent cookie is sent anew with a touch or a change, and not with a mere read',
    async () => {
      const client = await open({ cookie: { maxAge: '1h' } });
      expect(await cookiesOf(client.get('/run/read'))).toBe(0);
      expect(await cookiesOf(client.post('/run/set', { size: 1 }))).toBe(1);
      clock.advance(MINUTE);
      expect(await cookiesOf(client.get('/run/read'))).toBe(1);
      expect(await cookiesOf(client.get('/run/read'))).toBe(0);
      expect(site.spy.count('update')).toBe(2);
    },
  );

  onServer('a cookie that ends with the browser is sent once', async () => {
    const client = await open({});
    expect(await cookiesOf(client.post('/run/set', { size: 1 }))).toBe(0);
    clock.advance(MINUTE);
    expect(await cookiesOf(client.get('/run/read'))).toBe(0);
    expect(site.spy.count('update')).toBe(2);
  });

  it.each([{ maxAge: '1h' }, {}])(
    'under rolling: true every response sends the cookie, and touches the session (%j)',
    async (cookie) => {
      const client = await open({ cookie, rolling: true });
      for (const route of ['read', 'nothing', 'read'])
        expect(await cookiesOf(client.get(`/run/${route}`))).toBe(1);
      expect(site.spy.count('update')).toBe(3);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    },
  );

  onServer('under rolling: false the cookie is sent only when it has to be', async () => {
    const client = await open({ cookie: { maxAge: '1h' }, rolling: false });
    clock.advance(MINUTE);
    expect(await cookiesOf(client.get('/run/read'))).toBe(0);
    expect(await cookiesOf(client.post('/run/set', { size: 1 }))).toBe(0);
    expect(await cookiesOf(client.post('/run/rotate'))).toBe(1);
    site.handle('longer', ({ session }) => void (session.cookie.maxAge = 2 * HOUR));
    expect(await cookiesOf(client.get('/run/longer'))).toBe(1);
  });

  describe('renewed on a schedule', () => {
    const schedule = { rotateInterval: '10m', rotationGrace: '30s', idleTimeout: '1d' };

    onServer(
      'gets a new id when it is due and keeps its data; the old id works for the grace period and leads to the new one',
      async () => {
        const client = await open(schedule);
        const old = client.copy();
        expect((await client.get('/run/read')).setCookies).toEqual([]);
        clock.advance(11 * MINUTE);
        expect((await client.get('/run/read')).setCookies).toHaveLength(1);
        expect(client.sessionId).not.toBe(old.sessionId);
        expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
        clock.advance(20 * SECOND);
        const straggler = old.copy();
        expect((await straggler.get('/run/read')).body).toEqual({ color: 'green' });
        expect(straggler.sessionId).toBe(client.sessionId);
        clock.advance(20 * SECOND);
        expect((await old.get('/run/read')).body).toEqual({});
        expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
      },
    );

    onServer(
      'a burst at the due moment renews it once, on two instances, and all of it keeps working',
      async () => {
        const client = await open(schedule);
        const second = await openSite(backend, schedule);
        clock.advance(11 * MINUTE);
        const visitors = Array.from({ length: 20 }, (_, index) => {
          const visitor = (index % 2 ? site : second).client();
          visitor.cookies.set('sid', client.cookies.get('sid')!);
          return visitor;
        });
        const answers = await Promise.all(
          visitors.map((visitor, index) =>
            index % 3 ? visitor.get('/run/read') : visitor.post('/run/set', { [`k${index}`]: index }),
          ),
        );
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
        const ids = new Set(visitors.map(({ sessionId }) => sessionId));
        // Whoever had read the session before it was renewed keeps the old id, and is handed the new one next time.
        ids.delete(client.sessionId);
        expect(ids.size).toBe(1);
        const all = {
          color: 'green',
          ...Object.fromEntries([0, 3, 6, 9, 12, 15, 18].map((i) => [`k${i}`, i])),
        };
        for (const visitor of visitors) {
          expect((await visitor.get('/run/read')).body).toEqual(all);
          expect([...ids]).toEqual([visitor.sessionId]);
        }
        expect([...site.events, ...second.events].filter(({ type }) => type === 'rotated')).toHaveLength(1);
        await second.close();
      },
    );

    onServer('writes through the old id reach the session, and logout ends it under both ids', async () => {
      const client = await open(schedule);
      const old = client.copy();
      clock.advance(11 * MINUTE);
      await client.get('/run/read');
      await old.copy().post('/run/set', { viaOld: true });
      expect((await client.get('/run/read')).body).toEqual({ color: 'green', viaOld: true });
      await old.copy().post('/run/logout');
      expect((await client.get('/run/read')).body).toEqual({});
      expect((await old.get('/run/read')).body).toEqual({});
    });
  });
});
