import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { DeviceKeyPair, encoded } from '../../support/device-key.js';
import { MINUTE, SECOND, TestClock } from '../../support/clock.js';
import type { Answer } from '../../support/client.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS } from '../../support/site.js';
import { browserOf, DEVICE, openBoundSite, SESSION } from './support/bound-site.js';
import { challengeIn, type DeviceBrowser, type Offer, offerIn } from './support/device-browser.js';

const REFUSED = { status: 403, setCookies: [] };

describe.each(FRAMEWORKS)('attacks on sessions that are bound to a device ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: TestClock;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS.memory();
    site = await openBoundSite(adapter, backend);
  });
  afterEach(async () => {
    clock.restore();
    await site.close();
    await backend.close();
  });

  async function bound(userId = 'ann'): Promise<DeviceBrowser> {
    const browser = browserOf(site);
    expect((await browser.bind(userId)).status).toBe(200);
    return browser;
  }

  describe('by a thief', () => {
    it('with the session cookie alone', async () => {
      const thief = (await bound()).robbedOf(SESSION);
      expect(await thief.client.get('/me')).toMatchObject({ status: 401, setCookies: [] });
      expect(await thief.refreshWith()).toMatchObject(REFUSED);
      expect(await thief.refresh()).toMatchObject(REFUSED);
    });

    it('with the short-lived cookie alone', async () => {
      const thief = (await bound()).robbedOf(DEVICE);
      expect(await thief.client.get('/me')).toMatchObject({
        status: 401,
        body: { code: 'LOGIN_REQUIRED' },
      });
    });

    it('with both cookies, once the lifetime is over', async () => {
      const browser = await bound();
      const thief = browser.robbedOf(SESSION, DEVICE);
      clock.advance(10 * MINUTE - SECOND);
      expect((await thief.client.get('/me')).status).toBe(200);
      clock.advance(SECOND);
      expect(await thief.client.get('/me')).toMatchObject({
        status: 401,
        body: { code: 'DEVICE_PROOF_REQUIRED' },
      });
      expect(await thief.refresh()).toMatchObject(REFUSED);
      expect(await browser.refresh()).toMatchObject({ status: 200 });
    });

    it('who makes the end of the short-lived cookie a later one', async () => {
      const thief = (await bound()).robbedOf(SESSION, DEVICE);
      const [end = '', mac] = thief.client.cookies.get(DEVICE)!.split('.');
      const later = (parseInt(end, 36) + 60 * MINUTE).toString(36);
      clock.advance(11 * MINUTE);
      for (const forged of [`${later}.${mac}`, `${later}.${'A'.repeat(43)}`, later, '', `${later}.${mac}x`]) {
        thief.client.cookies.set(DEVICE, forged);
        expect((await thief.client.get('/me')).status).toBe(401);
      }
    });

    it('with the short-lived cookie of another session, his own', async () => {
      const victim = await bound('ann');
      const own = await bound('eve');
      const thief = victim.robbedOf(SESSION).client;
      thief.cookies.set(DEVICE, own.client.cookies.get(DEVICE)!);
      expect((await thief.get('/me')).status).toBe(401);
    });

    it('with the short-lived cookie from before a login in the same session', async () => {
      const browser = await bound('ann');
      const before = browser.client.cookies.get(DEVICE)!;
      expect((await browser.bind('ann')).status).toBe(200);
      const thief = browser.robbedOf(SESSION).client;
      thief.cookies.set(DEVICE, before);
      expect((await thief.get('/me')).status).toBe(401);
    });

    it('who ends, changes or renews the session that he cannot open', async () => {
      const browser = await bound();
      const thief = browser.robbedOf(SESSION).client;
      for (const call of ['logout', 'destroy', 'rotate', 'increment', 'set', 'regenerate'])
        expect((await thief.post(`/run/${call}`, { stolen: true })).setCookies).toEqual([]);
      expect((await browser.client.get('/run/read')).body).toEqual({ userId: 'ann' });
    });
  });

  describe('on the registration', () => {
    it('later, by a thief: nobody offers one', async () => {
      const browser = browserOf(site);
      await browser.signIn('ann'); // a browser that never registers
      const thief = browser.robbedOf(SESSION);
      for (const [method, path] of [
        ['GET', '/me'],
        ['POST', '/run/set'],
        ['POST', '/run/rotate'],
      ] as const)
        expect(offerIn(await thief.client.request(method, path))).toBeUndefined();
      expect(await thief.ask('/.session/register', {})).toMatchObject(REFUSED);
    });

    it('a minute after the sign-in', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      clock.advance(MINUTE + 1);
      expect(await browser.register(offer)).toMatchObject(REFUSED);
      expect((await browser.client.get('/me')).status).toBe(200);
    });

    it('a second time, with the same proof or with another key', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const proof = browser.key.proof(offer.challenge, { isRegistration: true });
      expect(await browser.register(offer, proof)).toMatchObject({ status: 200 });
      expect(await browser.register(offer, proof)).toMatchObject(REFUSED);
      expect(await browser.robbedOf(SESSION, DEVICE).register(offer)).toMatchObject(REFUSED);
      expect(await browser.refresh()).toMatchObject({ status: 200 });
    });

    it('by many at once: one is bound', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const thieves = [browser, ...Array.from({ length: 4 }, () => browser.robbedOf(SESSION))];
      const answers = await Promise.all(thieves.map((each) => each.register(offer)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403]);
    });

    it('with the challenge of another session, of a proof, or of one’s own making', async () => {
      const own = await bound('eve');
      const challenge = await own.challenge();
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const victim = await bound('bob');
      const othersOffer = await browserOf(site).signIn('zoe');
      for (const wrong of [challenge, 'x', '', offer.challenge.slice(0, -1), `${offer.challenge}A`])
        expect(await browser.register({ ...offer, challenge: wrong })).toMatchObject(REFUSED);
      // The cookie is of another session than the challenge.
      expect(await browser.register(othersOffer)).toMatchObject({ status: 401, setCookies: [] });
      const cutAndPaste = offer.challenge.split('.');
      cutAndPaste[1] = othersOffer.challenge.split('.')[1]!;
      expect(await browser.register({ ...offer, challenge: cutAndPaste.join('.') })).toMatchObject(REFUSED);
      expect(await victim.refresh()).toMatchObject({ status: 200 });
      expect(await browser.register(offer)).toMatchObject({ status: 200 });
    });

    it('with the challenge from before another login', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      await browser.signIn('ann');
      expect(await browser.register(offer)).toMatchObject(REFUSED);
    });

    it('of a session that has ended', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      await browser.client.copy().post('/run/logout');
      expect(await browser.register(offer)).toMatchObject({ status: 401, setCookies: [] });
    });
  });

  describe('on the signature', () => {
    const weak = new DeviceKeyPair('RS256', { bits: 1024 });
    const otherCurve = new DeviceKeyPair('ES256', { curve: 'P-384' });
    const rsa = new DeviceKeyPair('RS256');
    const ec = new DeviceKeyPair('ES256');

    /** A registration that is not signed as it has to be. */
    const WRONG: Record<string, (offer: Offer) => string> = {
      'no algorithm': ({ challenge }) =>
        `${encoded({ alg: 'none', typ: 'dbsc+jwt', jwk: ec.jwk })}.${encoded({ jti: challenge })}.`,
      'no algorithm, with a signature': ({ challenge }) =>
        ec.sign({ alg: 'none', typ: 'dbsc+jwt', jwk: ec.jwk }, { jti: challenge }),
      'no signature': ({ challenge }) => ec.proof(challenge, { isRegistration: true }).replace(/[^.]+$/, ''),
      'the signature of another key': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { jwk: new DeviceKeyPair().jwk } }),
      'another algorithm than the key’s': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { alg: 'RS256' } }),
      'an RSA key for ES256': ({ challenge }) =>
        rsa.proof(challenge, { isRegistration: true, changes: { alg: 'ES256' } }),
      'the public key as the secret of an HMAC': ({ challenge }) => {
        const signed = `${encoded({ alg: 'HS256', typ: 'dbsc+jwt', jwk: ec.jwk })}.${encoded({ jti: challenge })}`;
        const mac = createHmac('sha256', JSON.stringify(ec.jwk)).update(signed).digest('base64url');
        return `${signed}.${mac}`;
      },
      'a symmetric key': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { jwk: { kty: 'oct', k: 'AAAA' } } }),
      'a short RSA key': ({ challenge }) => weak.proof(challenge, { isRegistration: true }),
      'another curve': ({ challenge }) => otherCurve.proof(challenge, { isRegistration: true }),
      'a point that is not on the curve': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { jwk: { ...ec.jwk, y: ec.jwk.x } } }),
      'no key': ({ challenge }) => ec.proof(challenge),
      'another type of token': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { typ: 'JWT' } }),
      'an extension that has to be understood': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, changes: { crit: ['exp'] } }),
      'a signature in DER, or cut off': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true }).slice(0, -2),
      'another endpoint': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, claims: { aud: 'https://127.0.0.1/elsewhere' } }),
      'another form of base64': ({ challenge }) => `${ec.proof(challenge, { isRegistration: true })}=`,
      'no JSON': () => `${encoded('{')}.${encoded('}')}.AAAA`,
      'a list': () => ec.sign([], []),
      'four parts': ({ challenge }) => `${ec.proof(challenge, { isRegistration: true })}.e30`,
      'no text': ({ challenge }) => ec.proof(challenge, { isRegistration: true, claims: { jti: 1 } }),
      'too much text': ({ challenge }) =>
        ec.proof(challenge, { isRegistration: true, claims: { padding: 'x'.repeat(5_000) } }),
    };

    it.each(Object.keys(WRONG))('%s', async (name) => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      expect(await browser.register(offer, WRONG[name]!(offer))).toMatchObject(REFUSED);
      // It was this that was wrong.
      expect(await browser.register(offer)).toMatchObject({ status: 200 });
    });

    it('two proofs, or something beside one', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const proof = ec.proof(offer.challenge, { isRegistration: true });
      for (const header of [`${proof}, ${proof}`, `"${proof}`, `"${proof}" x`, `(${proof})`, `"${proof}";;`])
        expect(await browser.register(offer, header)).toMatchObject(REFUSED);
      expect(await browser.register(offer, `"${proof}";v=1`)).toMatchObject({ status: 200 });
    });
  });

  describe('on a refresh', () => {
    it('with a proof that was used', async () => {
      const browser = await bound();
      const proof = browser.key.proof(await browser.challenge());
      expect(await browser.refreshWith(proof)).toMatchObject({ status: 200 });
      const replayed = await browser.refreshWith(proof);
      expect(replayed).toMatchObject(REFUSED);
      expect(challengeIn(replayed)).toBeDefined();
      expect(site.events.at(-1)).toMatchObject({ type: 'rejected', reason: 'proof', userId: 'ann' });
    });

    it('with one proof on many connections at once: one is accepted', async () => {
      const browser = await bound();
      const proof = browser.key.proof(await browser.challenge());
      const answers = await Promise.all(Array.from({ length: 5 }, () => browser.refreshWith(proof)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403]);
    });

    it('with an older challenge than the one that was used', async () => {
      const browser = await bound();
      const older = await browser.challenge();
      clock.advance(1);
      expect(await browser.refresh()).toMatchObject({ status: 200 });
      expect(await browser.refreshWith(browser.key.proof(older))).toMatchObject(REFUSED);
    });

    it('with a challenge that is a minute old', async () => {
      const browser = await bound();
      const proof = browser.key.proof(await browser.challenge());
      clock.advance(MINUTE + 1);
      expect(await browser.refreshWith(proof)).toMatchObject(REFUSED);
    });

    it('with the challenge of another session, of the registration, or of nobody', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      await browser.register(offer);
      const other = await bound('eve');
      for (const challenge of [await other.challenge(), offer.challenge, 'x', ''])
        expect(await browser.refreshWith(browser.key.proof(challenge))).toMatchObject(REFUSED);
    });

    it('with another key, whether the proof names it or not', async () => {
      const browser = await bound();
      const thief = new DeviceKeyPair();
      for (const isRegistration of [true, false]) {
        const proof = thief.proof(await browser.challenge(), { isRegistration });
        expect(await browser.refreshWith(proof)).toMatchObject(REFUSED);
      }
    });

    it('with another algorithm than the key’s', async () => {
      const browser = await bound();
      const rsa = new DeviceKeyPair('RS256');
      expect(await browser.refreshWith(rsa.proof(await browser.challenge()))).toMatchObject(REFUSED);
      const named = browser.key.proof(await browser.challenge(), { changes: { alg: 'RS256' } });
      expect(await browser.refreshWith(named)).toMatchObject(REFUSED);
    });

    it('for another binding or endpoint', async () => {
      const browser = await bound();
      for (const claims of [{ sub: 'another' }, { aud: 'https://127.0.0.1/.session/register' }, { aud: 'x' }])
        expect(
          await browser.refreshWith(browser.key.proof(await browser.challenge(), { claims })),
        ).toMatchObject(REFUSED);
      const claims = { sub: browser.identifier, aud: `${site.base}/.session/refresh` };
      const right = browser.key.proof(await browser.challenge(), { claims });
      expect(await browser.refreshWith(right)).toMatchObject({ status: 200 });
    });

    it('under the identifier of another session, a forged one, or none', async () => {
      const browser = await bound();
      const other = await bound('eve');
      const [key] = browser.identifier.split('.');
      site.spy.reset();
      const forged = [`${key}.${'A'.repeat(43)}`, key!, 'x', `${other.identifier}x`, 'x'.repeat(5_000)];
      const answers: Answer[] = [];
      for (const identifier of forged) answers.push(await browser.refreshWith(undefined, identifier));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 403]);
      expect(site.spy.count()).toBe(0);
      // The browser's cookie is of another session.
      expect(await browser.refreshWith(undefined, other.identifier)).toMatchObject({ status: 401 });
      expect(await browser.ask('/.session/refresh', {})).toMatchObject({ status: 403, setCookies: [] });
    });

    it('says the same of every wrong proof', async () => {
      const browser = await bound();
      const challenge = await browser.challenge();
      const wrong = ['x', new DeviceKeyPair().proof(challenge), browser.key.proof('x')];
      const answers = await Promise.all(wrong.map((proof) => browser.refreshWith(proof)));
      const told = answers.map(({ status, text, headers }) => [
        status,
        text,
        [...headers.keys()].sort().join(),
      ]);
      expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    });
  });

  describe('are reported', () => {
    const PROOF = { type: 'rejected', reason: 'proof' };

    it('each as one event, without a session if none is known, and never with a secret', async () => {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const { key } = browser;
      const forged = `${offer.challenge.slice(0, -1)}!`;
      await browser.register(offer);
      const handle = browser.identifier.split('.')[0]!;
      const refresh = await browser.challenge();
      site.events.length = 0;
      const attempts: (() => Promise<Answer>)[] = [
        () => browser.ask('/.session/register', {}),
        () => browser.register(offer, 'no proof'),
        () => browser.register(offer, key.proof(forged, { isRegistration: true })),
        () => browser.register(offer, key.proof(refresh, { isRegistration: true })),
        () => browser.ask('/.session/refresh', {}),
        () => browser.refreshWith(key.proof(refresh), 'forged'),
        () => browser.refreshWith(key.proof(refresh), `${handle}.${'A'.repeat(43)}`),
      ];
      for (const attempt of attempts) {
        const answer = await attempt();
        expect([401, 403]).toContain(answer.status);
      }
      const at = expect.any(Date);
      expect(site.events).toEqual(attempts.map(() => ({ ...PROOF, at })));
      for (const wrong of ['no proof', key.proof(forged), key.proof(offer.challenge)])
        expect(await browser.refreshWith(wrong)).toMatchObject(REFUSED);
      const known = { ...PROOF, at, handle, userId: 'ann' };
      expect(site.events.slice(attempts.length)).toEqual([known, known, known]);
    });

    it('but not what browsers do by themselves', async () => {
      const browser = await bound();
      site.events.length = 0;
      await browser.refresh();
      await site.sessions.revokeAll('ann');
      expect((await browser.refreshWith()).status).toBe(401);
      expect(site.events.map(({ type }) => type)).toEqual(['proved', 'destroyed']);
    });
  });

  it('by another method, or with a body', async () => {
    const browser = await bound();
    for (const path of ['/.session/register', '/.session/refresh']) {
      const answer = await browser.client.get(path);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect((await browser.client.post('/.session/refresh', { a: 1 })).status).toBe(403);
    expect((await browser.client.post('/.session/other')).status).toBe(404);
    expect((await browser.client.post('/.session/refresh/')).status).toBe(404);
  });
});
