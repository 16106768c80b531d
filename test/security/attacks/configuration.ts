import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { SessionModuleOptions, SessionStore } from '../../../lib/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { DAY } from '../../support/clock.js';
import { SECRET } from '../../support/site.js';
import { Hearing } from '../support/hearing.js';
import type { Attacks } from '../support/scene.js';

type Options = Partial<SessionModuleOptions>;

const KEY = randomBytes(32);

/** Contradictions, and what the error has to name. */
const REFUSED: readonly [Options, RegExp][] = [
  // the cookie
  [{ cookie: { sameSite: 'none', secure: false } }, /cookie\.sameSite.*not secure/],
  [{ cookie: { partitioned: true, secure: false } }, /cookie\.partitioned.*not secure/],
  [{ name: '__Host-sid' }, /"__Host-sid"/],
  [{ name: '__Host-sid', cookie: { secure: true, domain: 'shop.test' } }, /no domain/],
  [{ name: '__Host-sid', cookie: { secure: true, path: '/app' } }, /path "\/"/],
  [{ name: '__Secure-sid', cookie: { secure: false } }, /"__Secure-sid"/],
  [{ name: '__Http-sid', cookie: { secure: true, httpOnly: false } }, /httpOnly/],
  [{ name: '__Host-Http-sid', cookie: { secure: true, httpOnly: false } }, /httpOnly/],
  // times
  [{ rotateInterval: '30s' }, /rotateInterval.*rotationGrace/],
  [{ rotateInterval: '10m', rotationGrace: '1h' }, /rotateInterval.*rotationGrace/],
  [{ idleTimeout: 0 }, /idleTimeout/],
  [{ absoluteTimeout: -1 }, /absoluteTimeout/],
  // keys
  [{ secret: [] }, /"secret" is missing/],
  [{ encryption: { keys: [] } }, /encryption\.keys/],
  [{ encryption: { keys: ['a pass phrase'] } }, /encryption\.keys\[0\].*32 random bytes/],
  [{ encryption: { keys: [KEY, KEY.toString('hex')] } }, /encryption\.keys\[1\].*not yet in the array/],
  // what does nothing without something else
  [{ migrate: (data) => data }, /version/],
  [{ forRoutes: [] }, /forRoutes/],
  [{ csrf: { trustedOrigins: ['null'] } }, /trustedOrigins\[0\]/],
  [{ csrf: { trustedOrigins: ['https://*.shop.test'] } }, /trustedOrigins\[0\]/],
  [{ clearSiteData: ['*', 'cache'] }, /"\*" without other values/],
  [{ clearSiteData: [] }, /clearSiteData/],
];

/** What has no effect, and the warning for it. */
const WARNED: readonly [Options, RegExp][] = [
  [{ idleTimeout: '2d', absoluteTimeout: '1d' }, /"idleTimeout".*"absoluteTimeout"/],
  [{ rotateInterval: '2d', absoluteTimeout: '1d' }, /"rotateInterval".*"absoluteTimeout"/],
  [{ secret: [SECRET, KEY.toString('hex')], encryption: { keys: [KEY] } }, /"secret".*"encryption\.keys"/],
  [{ secret: [KEY], encryption: { keys: [KEY.toString('base64url')] } }, /"secret".*"encryption\.keys"/],
];

/** What an application gets that sets nothing, and one that sets what cannot be. */
export const configuration: Attacks = {
  'Secure defaults': async ({ open, clock }) => {
    const site = await open();
    const client = site.client();
    const { setCookies } = await client.post('/run/set', { color: 'green' });
    expect(setCookies).toEqual([expect.stringMatching(/^sid=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/)]);
    expect((await site.client().get('/run/read')).setCookies).toEqual([]); // nothing for nobody
    const facts = async () =>
      (await client.get('/run/facts')).body as { createdAt: string; expiresAt: string };
    const { createdAt, expiresAt } = await facts();
    expect(Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 1_000)).toBe(DAY / 1_000);
    for (let day = 1; day < 30; day++) {
      clock.advance(DAY - 60_000);
      await facts();
    }
    clock.advance(60 * 60_000);
    await facts();
    expect(Date.parse((await facts()).expiresAt) - Date.parse(createdAt)).toBe(30 * DAY);
    clock.advance(DAY);
    expect((await client.get('/run/read')).body).toEqual({});
  },

  'Configuration that contradicts itself stops the start': async ({ open, backend, atEnd }) => {
    for (const [options, message] of REFUSED)
      await expect(open(options)).rejects.toMatchObject({
        code: 'SESSION_OPTIONS_INVALID',
        message: expect.stringMatching(message),
      });
    const { store } = backend;
    const ignorant = Object.fromEntries(
      (['read', 'create', 'update', 'delete'] as const).map((name) => [name, store[name].bind(store)]),
    ) as unknown as SessionStore;
    await expect(open({ store: ignorant, maxSessionsPerUser: 3 })).rejects.toThrow(/maxSessionsPerUser/);
    const underIds = Object.assign(Object.create(ignorant) as SessionStore, { keepsIds: true });
    for (const unable of [underIds, new CookieSessionStore()])
      await expect(open({ store: unable, rotateInterval: '1h' })).rejects.toThrow(/rotateInterval/);
    const { NODE_ENV } = process.env;
    atEnd(() => (process.env.NODE_ENV = NODE_ENV));
    process.env.NODE_ENV = 'production';
    await expect(open({ secret: [SECRET, 'hunter2'] })).rejects.toThrow(/entry 1 has 7 bytes/);
  },

  'Configuration without effect is warned of': async ({ open, atEnd }) => {
    const hearing = new Hearing();
    atEnd(() => hearing.end());
    for (const [options, message] of WARNED) {
      hearing.said.splice(0);
      await open(options, (app) => app.useLogger(hearing.logger));
      expect(hearing.said.filter((text) => text.includes('SessionModule option'))).toEqual([
        expect.stringMatching(message),
      ]);
      expect(hearing.everything).not.toContain(KEY.toString('hex'));
    }
    hearing.said.splice(0);
    const fine: Options = { absoluteTimeout: '1h', encryption: { keys: [KEY] } };
    await open(fine, (app) => app.useLogger(hearing.logger)); // the idle timeout is no choice of anybody's
    expect(hearing.everything).not.toContain('SessionModule option');
  },
};
