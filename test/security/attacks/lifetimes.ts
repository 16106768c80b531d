import { expect } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '../../support/clock.js';
import { type Attacks, keyOf, member, rejections, seenWith, thief, visitor } from '../support/scene.js';

/** When sessions end by themselves, and that what has ended stays ended. */
export const lifetimes: Attacks = {
  'ASVS 7.3.1: a session left alone is over, whatever its cookie says': async ({ open, clock }) => {
    const site = await open({ idleTimeout: '30m', cookie: { maxAge: '7d' } });
    const client = await member(site);
    clock.advance(29 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ann' });
    clock.advance(30 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(rejections(site)).toEqual(['expired']);
  },

  'ASVS 7.3.2: a session in use ends at its absolute limit, which no request moves': async ({
    open,
    clock,
  }) => {
    const options = { idleTimeout: '1h', absoluteTimeout: '3h' };
    const site = await open(options);
    const client = await member(site);
    site.handle('longer', ({ session }) => {
      session.cookie.maxAge = 1_000 * HOUR;
      session.touch();
    });
    for (const way of ['set', 'rotate', 'longer', 'increment', 'read']) {
      clock.advance(30 * MINUTE);
      expect([way, (await client.post(`/run/${way}`)).status]).toEqual([way, 200]);
    }
    expect(await seenWith(client, site)).toMatchObject({ userId: 'ann' });
    // Nor does a row that somebody has prolonged by hand.
    const key = keyOf(client);
    await site.spy.tamper(key, { lastSeenAt: Date.now() + DAY, expiresAt: Date.now() + DAY });
    clock.advance(30 * MINUTE);
    for (const at of [site, await open(options)]) expect(await seenWith(client, at)).toEqual({});
  },

  'Passive requests keep no session alive': async ({ open, clock }) => {
    const options = { idleTimeout: '30m', passive: () => true };
    const site = await open(options);
    const client = await member(site);
    for (const way of ['read', 'set', 'increment', 'facts']) {
      clock.advance(7 * MINUTE);
      expect([way, (await client.post(`/run/${way}`)).status]).toEqual([way, 200]);
    }
    expect(await seenWith(client, site)).toMatchObject({ userId: 'ann' });
    clock.advance(2 * MINUTE);
    for (const at of [site, await open(options)]) expect(await seenWith(client, at)).toEqual({});
  },

  'NIST SP 800-63B-4 and PCI DSS 4.0.1, 8.2.8: a policy has no session live longer': async ({
    open,
    clock,
  }) => {
    for (const options of [
      { idleTimeout: '16m' },
      { absoluteTimeout: '13h' },
      { absoluteTimeout: false as const },
      { cookie: { maxAge: '16m' } },
    ])
      await expect(open({ policy: 'nist-aal3', ...options })).rejects.toThrow(
        /"nist-aal3" \(NIST SP 800-63B-4/,
      );
    await expect(open({ policy: 'pci-dss', idleTimeout: '16m' })).rejects.toThrow(/PCI DSS 4\.0\.1, 8\.2\.8/);
    const site = await open({ policy: 'pci-dss' });
    site.handle('longer', ({ session }) => void (session.cookie.maxAge = DAY));
    const client = await member(site);
    await client.post('/run/longer');
    clock.advance(15 * MINUTE);
    expect(await seenWith(client, site)).toEqual({});
  },

  'ASVS 7.4.1: an id is refused after logout or expiry, everywhere': async ({ open, clock }) => {
    const options = { idleTimeout: '30m', absoluteTimeout: '1h' };
    const [site, other] = [await open(options), await open(options)];
    const ways: Record<string, (client: Awaited<ReturnType<typeof member>>) => unknown> = {
      logout: (client) => client.post('/run/logout'),
      destroy: (client) => client.post('/run/destroy'),
      'the idle timeout': () => clock.advance(31 * MINUTE),
      'the absolute timeout': async (client) => {
        for (let i = 0; i < 3; i++, clock.advance(20 * MINUTE)) await client.get('/run/read');
      },
    };
    for (const [name, end] of Object.entries(ways)) {
      const client = await member(site);
      const replayed = client.copy();
      expect(await seenWith(client, other)).toEqual({ userId: 'ann' });
      await end(client);
      for (const at of [site, other, site]) expect([name, await seenWith(replayed, at)]).toEqual([name, {}]);
      // A write does not bring it back, either.
      const writer = thief(other, replayed.cookies);
      await writer.post('/run/set', { mine: true });
      expect([name, writer.sessionId === replayed.sessionId]).toEqual([name, false]);
      expect([name, await seenWith(replayed, site)]).toEqual([name, {}]);
    }
  },

  'CVE-2024-35220: a session with a maxAge of its own still expires, in the store, too': async ({
    open,
    clock,
  }) => {
    const site = await open({ cookie: { maxAge: '1h' } });
    site.handle('maxAge', ({ session }) => void (session.cookie.maxAge = HOUR / 2));
    site.handle('expires', ({ session }) => {
      session.cookie.expires = new Date(Date.now() + HOUR / 2);
    });
    for (const way of ['nothing', 'maxAge', 'expires']) {
      const client = await visitor(site);
      const life = way === 'nothing' ? HOUR : HOUR / 2;
      await client.post(`/run/${way}`);
      const restarted = await open({ cookie: { maxAge: '1h' } });
      expect([way, await seenWith(client, restarted)]).toEqual([way, { color: 'green' }]);
      const { expiresAt } = (await client.get('/run/facts')).body as { expiresAt: string };
      expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(life);
      clock.advance(life);
      for (const at of [restarted, site]) expect([way, await seenWith(client, at)]).toEqual([way, {}]);
      expect([way, await site.sessions.count()]).toEqual([way, 0]);
    }
    const client = await visitor(site); // what the row says counts, too
    await site.spy.tamper(keyOf(client), { expiresAt: Date.now() - 1 });
    expect(await seenWith(client, site)).toEqual({});
  },
};
