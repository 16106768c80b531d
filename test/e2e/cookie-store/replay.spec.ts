import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { DAY, HOUR, MINUTE, SECOND, TestClock } from '../../support/clock.js';
import { at, type CookieSite, openCookieSite, rejections, seen, visitor } from './support/site.js';

/** What a cookie is worth that somebody has kept: as much as is documented, and no more. */
describe('a cookie that was kept', () => {
  let site: CookieSite;
  let clock: TestClock;

  beforeEach(() => {
    clock = new TestClock();
  });
  afterEach(async () => {
    await site.close();
    clock.restore();
  });

  const open = async (options: Partial<SessionModuleOptions>): Promise<void> => {
    site = await openCookieSite(options);
  };

  it('is refused past its idle timeout, whatever its Max-Age said, though the session went on (CVE-2024-35220)', async () => {
    await open({ idleTimeout: '30m', cookie: { maxAge: '7d' } });
    const client = await visitor(site);
    const kept = client.copy();
    for (let minutes = 0; minutes < 30; minutes += 10) {
      clock.advance(10 * MINUTE);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    }
    expect(await seen(kept)).toEqual({});
    expect(await seen(client)).toEqual({ color: 'green' });
    expect(rejections(site)).toEqual(['expired']);
  });

  it('is refused past the absolute timeout, which no touch has moved', async () => {
    await open({ idleTimeout: '2h', absoluteTimeout: '3h' });
    const client = await visitor(site);
    const cookies = [client.copy()];
    for (let hours = 0; hours < 3; hours += 0.5) {
      expect(await seen(client)).toEqual({ color: 'green' });
      clock.advance(HOUR / 2);
      await client.get('/run/read');
      cookies.push(client.copy());
    }
    expect(await Promise.all([client, ...cookies].map(seen))).toEqual([client, ...cookies].map(() => ({})));
  });

  it('with a life of its own ends with that, under the absolute timeout', async () => {
    await open({ idleTimeout: '1h', absoluteTimeout: '10d' });
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 7 * DAY));
    const client = await visitor(site);
    await client.get('/run/remember');
    const kept = client.copy();
    clock.advance(6 * DAY);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    clock.advance(DAY);
    expect(await seen(kept)).toEqual({});
    clock.advance(3 * DAY);
    expect(await seen(client)).toEqual({});
  });

  it('from before a logout is dead in its process for five minutes, then good until its timeouts: what SECURITY.md says', async () => {
    await open({ idleTimeout: '30m' });
    const client = await visitor(site, { userId: 'ann' });
    const kept = client.copy();
    expect((await client.post('/run/logout')).setCookies).toEqual([
      'sid=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    ]);
    expect(client.cookies.size).toBe(0);
    expect(await seen(client)).toEqual({});
    const other = await openCookieSite({ idleTimeout: '30m' }); // as another process
    clock.advance(5 * MINUTE - SECOND);
    expect(await seen(kept)).toEqual({});
    expect(await seen(at(other, kept))).toEqual({ userId: 'ann' });
    clock.advance(SECOND);
    expect(await seen(kept)).toEqual({ userId: 'ann' });
    clock.advance(25 * MINUTE - SECOND);
    for (const where of [site, other]) expect(await seen(at(where, kept))).toEqual({ userId: 'ann' });
    await other.close();
    clock.advance(SECOND);
    expect(await seen(kept)).toEqual({});
    expect(site.events).toContainEqual(
      expect.objectContaining({ type: 'destroyed', reason: 'logout', userId: 'ann' }),
    );
  });

  it('is touched once in touchInterval, which takes a new cookie, and often enough for a cookie that lives shorter', async () => {
    await open({ touchInterval: '5m', idleTimeout: '1d', cookie: { maxAge: '8m' } });
    const client = await visitor(site);
    clock.advance(40 * SECOND);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    clock.advance(10 * SECOND);
    expect((await client.get('/run/read')).setCookies).toEqual([expect.stringMatching(/Max-Age=480/)]);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    const { body } = await client.get('/run/facts');
    expect(Date.parse(body.lastSeenAt as string)).toBe(Date.now());
  });
});
