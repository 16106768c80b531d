import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { DAY, HOUR, MINUTE, SECOND, TestClock } from '../../support/clock.js';
import type { Site } from '../../support/site.js';
import { at, idOf, openNew } from './support/sites.js';
import { STORE_KINDS, type StoreKind } from './support/store-kinds.js';

/** Timeouts and touches, on a clock that the test moves. */
describe.each(STORE_KINDS)('the life of a session on %s', (_name, make) => {
  let kind: StoreKind;
  let site: Site;
  let clock: TestClock;

  beforeAll(async () => {
    kind = make();
    await kind.before();
  });
  afterAll(() => kind.after());
  beforeEach(async () => {
    await kind.clear();
    clock = new TestClock();
  });
  afterEach(async () => {
    await site.close();
    clock.restore();
  });

  async function open(options: Partial<SessionModuleOptions>): Promise<Client> {
    site = await openNew(kind.open(), options);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    return client;
  }

  const read = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body;

  /** Until the back end drops the row; stores count in seconds, and the test takes some time. */
  async function left(client: Client): Promise<number> {
    const milliseconds = (await kind.endsAt(idOf(client))) - Date.now();
    return Math.round(milliseconds / (10 * SECOND)) * (10 * SECOND);
  }

  it('ends when it was idle for too long, whatever its cookie says', async () => {
    const client = await open({ idleTimeout: '30m', cookie: { maxAge: '7d' } });
    expect(await left(client)).toBe(30 * MINUTE);
    clock.advance(30 * MINUTE - SECOND);
    expect(await read(client)).toEqual({ color: 'green' });
    clock.advance(30 * MINUTE + 2 * SECOND);
    expect(await read(client)).toEqual({});
  });

  it('ends at the absolute timeout, however active, and so does its row', async () => {
    const client = await open({ idleTimeout: '1h', absoluteTimeout: '3h' });
    for (let minutes = 30; minutes < 180; minutes += 30) {
      clock.advance(30 * MINUTE);
      await client.post('/run/set', { minutes });
      expect(await read(client)).toEqual({ color: 'green', minutes });
    }
    expect(await left(client)).toBe(30 * MINUTE);
    clock.advance(30 * MINUTE + SECOND);
    expect(await read(client)).toEqual({});
  });

  it('is touched by a mere read when that is due, and its row lives on', async () => {
    const client = await open({ idleTimeout: '1h', touchInterval: '10m' });
    await site.close();
    site = await openNew(kind.open(), { idleTimeout: '3h', touchInterval: '10m' });
    const again = at(site, client);
    clock.advance(9 * MINUTE);
    await read(again);
    expect(await left(again)).toBeLessThanOrEqual(HOUR);
    clock.advance(MINUTE);
    await read(again);
    expect(await left(again)).toBe(3 * HOUR);
    const { body } = await again.get('/run/facts');
    expect(Date.parse(body.lastSeenAt as string) - Date.parse(body.createdAt as string)).toBeGreaterThan(
      9 * MINUTE,
    );
    expect(await read(again)).toEqual({ color: 'green' });
  });

  it('“remember me”: its own cookie life is its idle timeout and the life of its row', async () => {
    const client = await open({ idleTimeout: '1h', absoluteTimeout: '10d' });
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 7 * DAY));
    const { setCookies } = await client.get('/run/remember');
    expect(setCookies[0]).toMatch(/; Max-Age=604800; Path=\/; Expires=/);
    expect(await left(client)).toBe(7 * DAY);
    clock.advance(6 * DAY);
    const again = await client.get('/run/read');
    expect(again.body).toEqual({ color: 'green' });
    expect(again.setCookies).toHaveLength(1);
    expect(await left(client)).toBe(4 * DAY);
    clock.advance(4 * DAY + SECOND);
    expect(await read(client)).toEqual({});
  });

  it('“remember me” taken back: the cookie ends with the browser, the session with the idle timeout', async () => {
    const client = await open({ idleTimeout: '1h', cookie: { maxAge: '7d' } });
    site.handle('forget', ({ session }) => void (session.cookie.maxAge = null));
    const { setCookies } = await client.get('/run/forget');
    expect(setCookies[0]).not.toMatch(/max-age|expires/i);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    expect(await left(client)).toBe(HOUR);
  });

  it('login starts the absolute timeout anew', async () => {
    const client = await open({ idleTimeout: '2h', absoluteTimeout: '3h' });
    clock.advance(HOUR);
    await client.post('/run/login', { userId: 'ann' });
    clock.advance(HOUR);
    await read(client);
    clock.advance(HOUR + MINUTE);
    expect(await read(client)).toEqual({ color: 'green', userId: 'ann' });
  });
});
