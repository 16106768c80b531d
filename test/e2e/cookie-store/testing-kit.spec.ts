import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cookieFrom, fakeClock, openSession, readSession, signIn } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type CookieSite, openCookieSite } from './support/site.js';

/** nest-session/testing with sessions that stand in their cookies. */
describe('the testing kit', () => {
  let site: CookieSite;

  beforeEach(async () => {
    site = await openCookieSite({ idleTimeout: '30m' }, { chunks: 2 });
  });
  afterEach(() => site.close());

  function bearer(cookie: string): Client {
    const client = site.client();
    client.headers.cookie = cookie;
    return client;
  }

  it('signs in, and goes on with a session', async () => {
    const cookie = await signIn(site.app, { userId: '42', cart: [1] } as never);
    expect((await bearer(cookie).get('/run/read')).body).toEqual({ userId: '42', cart: [1] });
    const more = await openSession(site.app, { fill: 'x'.repeat(4_000) } as never, { headers: { cookie } });
    expect(more).toMatch(/^sid=2\.[\w-]+; sid\.1=[\w-]{8}\.[\w-]+$/);
    expect((await bearer(more).get('/run/read')).body).toMatchObject({ userId: '42', cart: [1] });
  });

  it('reads what a cookie holds, without touching it', async () => {
    const cookie = await openSession(
      site.app,
      { color: 'green' },
      {
        prepare: (session) => session.flash('notice', 'saved'),
      },
    );
    site.events.length = 0;
    const session = await readSession(site.app, cookie);
    expect(session).toMatchObject({ data: { color: 'green' }, flash: { notice: ['saved'] } });
    expect(session!.handle).toBe((await bearer(cookie).get('/run/facts')).body.handle);
    expect(site.events.map(({ type }) => type)).toEqual(['loaded']);
    const answer = await bearer(cookie).post('/run/set', { color: 'red' });
    const setCookies = { headers: answer.headers };
    expect((await readSession(site.app, setCookies))!.data).toEqual({ color: 'red' });
    expect((await readSession(site.app, cookieFrom(setCookies, cookie)))!.data).toEqual({ color: 'red' });
  });

  it('finds none in what is no cookie of the application, or over', async () => {
    const cookie = await signIn(site.app, { userId: '42' });
    for (const none of ['', 'sid=x', `${cookie}AAAA`, cookie.replace('sid', 'other')])
      expect(await readSession(site.app, none)).toBeUndefined();
    fakeClock(site.app).advance('31m');
    expect(await readSession(site.app, cookie)).toBeUndefined();
    expect((await bearer(cookie).get('/run/read')).body).toEqual({});
  });
});
