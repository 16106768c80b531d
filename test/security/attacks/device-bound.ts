import { expect } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { DeviceBrowser, type Offer, offerIn } from '../../e2e/device-bound/support/device-browser.js';
import { MINUTE } from '../../support/clock.js';
import { DeviceKeyPair } from '../../support/device-key.js';
import type { Site } from '../../support/site.js';
import type { Attacks, Scene } from '../support/scene.js';

const COOKIES = ['__Host-sid', '__Host-sid-device'];

/** Sessions that are bound to the device of their user. */
export const deviceBound: Attacks = {
  'A stolen session cookie opens nothing, and both cookies nothing once the proof has ended': async (
    scene,
  ) => {
    const victim = browserAt(await siteOf(scene));
    await victim.bind('ann');
    const [alone, both] = [victim.robbedOf(COOKIES[0]!), victim.robbedOf(...COOKIES)];
    expect(await seenBy(alone)).toEqual({});
    expect(await seenBy(both)).toEqual({ userId: 'ann' });
    scene.clock.advance(10 * MINUTE);
    expect(await seenBy(both)).toEqual({});
    for (const call of ['logout', 'rotate', 'set', 'increment']) await both.client.post(`/run/${call}`);
    for (const thief of [alone, both]) expect((await thief.refresh()).status).toBe(403);
    expect((await victim.refresh()).status).toBe(200);
    expect(await seenBy(victim)).toEqual({ userId: 'ann' });
  },

  'A proof is good once, for one session, and under one key': async (scene) => {
    const [site, other] = [await siteOf(scene), await siteOf(scene)];
    const victim = browserAt(site);
    await victim.bind('ann');
    const proof = victim.key.proof(await victim.challenge());
    const there = browserAt(other, victim.key);
    for (const [name, value] of victim.client.cookies) there.client.cookies.set(name, value);
    there.identifier = victim.identifier;
    const answers = await Promise.all([victim.refreshWith(proof), there.refreshWith(proof)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
    const attacker = browserAt(site);
    await attacker.bind('eve');
    for (const [key, challenge] of [
      [victim.key, await attacker.challenge()],
      [attacker.key, await victim.challenge()],
      [new DeviceKeyPair('RS256'), await victim.challenge()],
    ] as const)
      expect((await victim.refreshWith(key.proof(challenge))).status).toBe(403);
  },

  'A key is registered once, by who got the response to the sign-in': async (scene) => {
    const site = await siteOf(scene);
    const victim = browserAt(site);
    const offer = await victim.signIn('ann');
    const thief = victim.robbedOf(...COOKIES);
    const attacker = browserAt(site);
    const own = await attacker.signIn('eve');
    for (const wrong of [
      own,
      { ...offer, challenge: own.challenge },
      { ...offer, challenge: 'x' },
    ] as Offer[])
      expect((await thief.register(wrong)).status).toBeGreaterThan(400);
    expect((await victim.register(offer)).status).toBe(200);
    expect((await thief.register(offer)).status).toBe(403);
    scene.clock.advance(10 * MINUTE);
    expect((await victim.refresh()).status).toBe(200);

    // The user stops acting for another one, or the time for that is over: a thief may send that request.
    site.handle('act', ({ session }) => session.actAs('bob', { limit: MINUTE }));
    site.handle('stopActing', ({ session }) => session.stopActing());
    for (const path of ['/run/stopActing', '/run/read']) {
      const unbound = browserAt(site);
      await unbound.signIn('ann');
      await unbound.client.post('/run/act');
      if (path === '/run/read') scene.clock.advance(2 * MINUTE);
      const { client } = unbound.robbedOf(...COOKIES);
      client.headers['x-forwarded-proto'] = 'https';
      const answer = await client.post(path);
      expect([path, answer.status < 300, offerIn(answer)]).toEqual([path, true, undefined]);
      expect((await client.get('/run/read')).body).toEqual({ userId: 'ann' });
    }
  },

  'Without a binding a thief can use the cookie, unless require is always': async (scene) => {
    for (const [require, seen] of [
      ['when-possible', { userId: 'ann' }],
      ['always', {}],
    ] as const) {
      const browser = browserAt(await siteOf(scene, { deviceBound: { require } }));
      await browser.signIn('ann');
      const thief = browser.robbedOf(...COOKIES);
      expect([require, await seenBy(thief)]).toEqual([require, { userId: 'ann' }]);
      scene.clock.advance(2 * MINUTE);
      expect([require, await seenBy(thief)]).toEqual([require, seen]);
    }
  },
};

/** An instance behind a proxy that speaks TLS. */
function siteOf({ open }: Scene, options: Partial<SessionModuleOptions> = {}): Promise<Site> {
  return open({ proxy: true, cookie: { secure: true }, deviceBound: true, ...options });
}

function browserAt(site: Site, key?: DeviceKeyPair): DeviceBrowser {
  const client = site.client();
  client.headers['x-forwarded-proto'] = 'https';
  return new DeviceBrowser(client, key);
}

async function seenBy({ client }: DeviceBrowser): Promise<unknown> {
  client.headers['x-forwarded-proto'] = 'https';
  return (await client.get('/run/read')).body as unknown;
}
