import { expect } from '@jest/globals';
import passport from 'passport';
import { randomBytes } from 'node:crypto';
import { SESSION_MIDDLEWARE } from '../../../lib/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { MINUTE } from '../../support/clock.js';
import { deferred, type Handler } from '../../support/site.js';
import { type Attacks, member, seenWith, thief, valueOf, visitor } from '../support/scene.js';

/** Cookies that somebody planted, or kept for later. */
export const stolen: Attacks = {
  'CVE-2022-25896: a cookie that was planted before the login is worth nothing after it': async ({
    open,
  }) => {
    const people = new passport.Passport();
    people.serializeUser((user, done) => done(null, (user as { id: string }).id));
    people.deserializeUser((id: string, done) => done(null, { id }));
    const site = await open({}, (app) => {
      app.use(app.get(SESSION_MIDDLEWARE));
      app.use(people.initialize(), people.session());
    });
    site.handle('passport', async ({ req }) => {
      await new Promise<void>((resolve, reject) => {
        req.login({ id: 'ann' }, (error?: Error) => (error ? reject(error) : resolve()));
      });
    });
    for (const way of ['login', 'passport']) {
      const attacker = await visitor(site);
      const victim = thief(site, attacker.cookies);
      expect([way, (await victim.post(`/run/${way}`, { userId: 'ann' })).status]).toEqual([way, 200]);
      expect([way, await seenWith(attacker, site)]).toEqual([way, {}]);
      expect(JSON.stringify(await seenWith(victim, site))).toContain('ann');
      // Nor does planting it again get the attacker into what the victim does next.
      const again = thief(site, attacker.cookies);
      await again.post('/run/login', { userId: 'ann' });
      expect([way, await seenWith(attacker, site)]).toEqual([way, {}]);
    }
  },

  'CVE-2024-31999: no cookie of a session, old or new, is good after its logout': async ({ open }) => {
    for (const encryption of [undefined, { keys: [randomBytes(32)] }]) {
      const options = { cookie: { maxAge: '30d' }, ...(encryption && { encryption }) };
      const site = await open(options);
      const client = await visitor(site);
      const captured = [client.copy()];
      for (const way of ['read', 'login', 'rotate', 'set']) {
        await client.post(`/run/${way}`, { userId: 'ann' });
        captured.push(client.copy());
      }
      const restarted = await open(options);
      expect(await seenWith(captured.at(-1)!, restarted)).toMatchObject({ userId: 'ann' });
      await client.post('/run/logout');
      for (const [index, copy] of captured.entries())
        for (const at of [site, restarted]) expect([index, await seenWith(copy, at)]).toEqual([index, {}]);
      expect(await site.sessions.count()).toBe(0);
    }
  },

  'A sealed cookie that was kept is dead where its session ended, and elsewhere good until its time-outs':
    async ({ open, clock }) => {
      const options = { idleTimeout: '30m', absoluteTimeout: '2h', cookie: { maxAge: '30d' } };
      const site = await open({ ...options, store: new CookieSessionStore() });
      const other = await open({ ...options, store: new CookieSessionStore() }); // as another process
      const client = await visitor(site, { color: 'green' });
      const before = client.copy();
      await client.post('/run/login', { userId: 'ann' });
      const after = client.copy();
      // What was planted or kept from before the login is nobody's.
      expect(await seenWith(before, site)).toEqual({});
      expect(await seenWith(before, other)).toEqual({ color: 'green' });
      await client.post('/run/logout');
      expect(client.cookies.size).toBe(0);
      clock.advance(4 * MINUTE);
      for (const copy of [before, after]) expect(await seenWith(copy, site)).toEqual({});
      // Nobody else knows of the logout, and this process not for long: the text above the table says so.
      expect(await seenWith(after, other)).toEqual({ color: 'green', userId: 'ann' });
      clock.advance(25 * MINUTE);
      for (const at of [site, other])
        expect(await seenWith(after, at)).toEqual({ color: 'green', userId: 'ann' });
      clock.advance(MINUTE);
      for (const at of [site, other]) expect(await seenWith(after, at)).toEqual({});
      // Nor does use carry a copy over the absolute limit.
      const active = await member(site);
      for (let minutes = 0; minutes < 120; minutes += 20) {
        expect(await seenWith(active, site)).toEqual({ userId: 'ann' });
        clock.advance(20 * MINUTE);
        await active.get('/run/read');
      }
      expect(await seenWith(active, site)).toEqual({});
      await expect(site.sessions.revokeAll('ann')).rejects.toMatchObject({
        code: 'SESSION_STORE_CAPABILITY',
      });
    },

  'CVE-2025-46336: a slow request across a logout restores nothing': async ({ open }) => {
    const ways: Record<string, Handler> = {
      nothing: () => undefined,
      assign: ({ session }) => void (session.late = true),
      save: ({ session }) => ((session.late = true), session.save()),
      touch: ({ session }) => void session.touch(),
      update: ({ session }) => session.update((data) => void (data.late = true)),
      rotate: ({ session }) => session.rotate(),
      flash: ({ session }) => void session.flash('notice', 'late'),
      life: ({ session }) => void (session.cookie.maxAge = 86_400_000),
    };
    for (const options of [{}, { resave: true, rolling: true, touchInterval: 0 }]) {
      const [site, other] = [await open(options), await open(options)];
      for (const [way, work] of Object.entries(ways)) {
        const client = await member(site);
        const captured = client.copy();
        const [reached, go] = [deferred(), deferred()];
        other.handle('slow', async (visit) => {
          void visit.session.userId;
          reached.resolve();
          await go.promise;
          await work(visit);
        });
        const late = thief(other, captured.cookies).post('/run/slow');
        await reached.promise;
        await client.post('/run/logout');
        go.resolve();
        const { status, setCookies } = await late;
        expect([way, [200, 401].includes(status), setCookies]).toEqual([way, true, []]);
        for (const at of [site, other]) expect([way, await seenWith(captured, at)]).toEqual([way, {}]);
        expect([way, await site.sessions.count()]).toEqual([way, 0]);
      }
    }
  },

  'CVE-2025-47278: new cookies are signed with the new secret alone': async ({ open }) => {
    const [next, old] = ['n'.repeat(40), 'o'.repeat(40)];
    const [before, both] = [await open({ secret: old }), await open({ secret: [next, old] })];
    const [early, late] = [await visitor(before), await visitor(both)];
    const after = await open({ secret: [next] });
    expect(await seenWith(early, both)).toEqual({ color: 'green' });
    expect(await seenWith(late, after)).toEqual({ color: 'green' });
    expect(await seenWith(late, before)).toEqual({});
    expect(await seenWith(early, after)).toEqual({});
    const renewed = thief(both, early.cookies);
    await renewed.post('/run/rotate');
    expect(await seenWith(renewed, after)).toEqual({ color: 'green' });
    expect(valueOf(renewed)).not.toBe(valueOf(early));
  },
};
