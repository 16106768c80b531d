import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SESSION_STORE, SessionHealthIndicator, type SessionModuleOptions } from '../../../lib/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { type CookieSite, openCookieSite, seen, visitor } from './support/site.js';

/** What takes a server is refused, by the name of the store and of what it cannot do. */
describe('what sessions in cookies cannot', () => {
  let site: CookieSite;

  beforeEach(async () => {
    site = await openCookieSite();
  });
  afterEach(() => site.close());

  it.each<[string, (site: CookieSite) => Promise<unknown>, RegExp]>([
    ['list', ({ sessions }) => sessions.list('ann'), /list the sessions of a user/],
    ['get', ({ sessions }) => sessions.get('x'.repeat(43)), /find a session by its handle/],
    ['revoke', ({ sessions }) => sessions.revoke('x'.repeat(43)), /find a session by its handle/],
    [
      'revoke of a user',
      ({ sessions }) => sessions.revoke('x'.repeat(43), { userId: 'ann' }),
      /by its handle/,
    ],
    ['revokeAll', ({ sessions }) => sessions.revokeAll('ann'), /end the sessions of a user/],
    ['revokeEverything', ({ sessions }) => sessions.revokeEverything(), /end all sessions/],
    ['count', ({ sessions }) => sessions.count(), /count sessions/],
    ['prune', ({ sessions }) => sessions.prune(), /remove expired sessions/],
  ])('SessionService.%s()', async (_, ask, capability) => {
    const error = await ask(site).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'SESSION_STORE_CAPABILITY', statusCode: 501 });
    expect(error!.message).toMatch(/^CookieSessionStore cannot /);
    expect(error!.message).toMatch(capability);
  });

  it.each<[Partial<SessionModuleOptions>, string, RegExp]>([
    [
      { maxSessionsPerUser: 3 },
      'SESSION_STORE_CAPABILITY',
      /CookieSessionStore cannot.*"maxSessionsPerUser"/,
    ],
    [{ rotateInterval: '10m' }, 'SESSION_STORE_CAPABILITY', /CookieSessionStore cannot.*"rotateInterval"/],
    [
      { encryption: { keys: ['5a'.repeat(32)] } },
      'SESSION_OPTIONS_INVALID',
      /"encryption": CookieSessionStore encrypts.*keys/,
    ],
  ])('%j stops the start', async (options, code, message) => {
    const start = openCookieSite(options);
    await expect(start).rejects.toMatchObject({ code });
    await expect(start).rejects.toThrow(message);
  });

  it('and what they can: load(), the token, and a health that asks nobody', async () => {
    site.handle('load', async ({ req }) => (await site.sessions.load(req)).handle);
    const client = await visitor(site);
    expect((await client.get('/run/load')).text).toBe((await client.get('/run/facts')).body.handle);
    expect(site.app.get(SESSION_STORE)).toBeInstanceOf(CookieSessionStore);
    expect(await site.app.get(SessionHealthIndicator).isHealthy()).toEqual({ session: { status: 'up' } });
  });

  it('an option without effect does no harm', async () => {
    const odd = await openCookieSite({ storeTimeout: 1, onStoreError: 'anonymous', maxDataBytes: 100 });
    const client = await visitor(odd);
    expect(await seen(client)).toEqual({ color: 'green' });
    expect((await client.post('/run/set', { fill: 'x'.repeat(100) })).status).toBe(500);
    await odd.close();
  });
});
