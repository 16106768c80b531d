import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../lib/core/record/session-id.js';
import type { Client } from '../../support/client.js';
import {
  type AnySession,
  type AnySite,
  type Backend,
  BACKENDS,
  deferred,
  IN_COOKIES,
  KINDS,
  siteOn,
} from '../../support/site.js';

const openSite = siteOn('express');
const PLACES = { ...BACKENDS, ...IN_COOKIES };

/**
 * An attacker has the id that a victim's session began with: planted (session fixation), or stolen earlier. OWASP ASVS 5.0,
 * 7.2.4; CVE-2022-25896; CVE-2025-46336.
 */
describe.each([...KINDS, 'cookie'] as const)('an id from before, kept in %s', (kind) => {
  let backend: Backend;
  let site: AnySite;
  let victim: Client;
  let attacker: Client;

  beforeEach(async () => {
    backend = await PLACES[kind]();
    site = await openSite(backend);
    victim = site.client();
    await victim.post('/run/set', { cart: [1] });
    attacker = victim.copy();
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  /** A request of the attacker that has read the session, and goes on when the victim has done something. */
  async function across<Result>(
    byVictim: () => Promise<unknown>,
    byAttacker: (session: AnySession) => Promise<Result>,
  ) {
    const reached = deferred();
    const go = deferred();
    site.handle('across', async ({ session }) => {
      void session.cart;
      reached.resolve();
      await go.promise;
      return { result: await byAttacker(session), seen: { ...session } };
    });
    const answering = attacker.get('/run/across');
    await reached.promise;
    await byVictim();
    go.resolve();
    return answering;
  }

  const nameOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'done',
      (error: Error) => error.constructor.name,
    );
  const login = () => victim.post('/run/login', { userId: 'victim' });
  const SECRETS = { userId: 'victim', secret: 'of the victim' };
  const signInAndWork = async () => {
    await login();
    await victim.post('/run/set', { secret: SECRETS.secret });
  };
  const read = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body;

  it.each(['login', 'rotate'])('is refused after a %s, as superseded', async (how) => {
    if (how === 'login') await login();
    else await victim.get('/run/rotate');
    site.events.length = 0;
    expect(await read(attacker)).toEqual({});
    expect(site.events).toEqual([
      {
        type: 'rejected',
        reason: 'superseded',
        at: expect.any(Date),
        handle: expect.any(String),
        ...(how === 'login' && { userId: 'victim' }),
      },
    ]);
    expect(await read(victim)).toMatchObject({ cart: [1] });
  });

  it('is refused a step further back, too', async () => {
    await victim.get('/run/rotate');
    const middle = victim.copy();
    await victim.get('/run/rotate');
    for (const old of [attacker, middle]) expect(await read(old)).toEqual({});
    expect(await read(victim)).toMatchObject({ cart: [1] });
  });

  it.each(['reload', 'update'] as const)(
    'shows a slow request nothing of what the victim does after a login: %s()',
    async (method) => {
      const { body, setCookies } = await across(signInAndWork, (session) =>
        nameOf(method === 'reload' ? session.reload() : session.update((s) => void (s.evil = 1))),
      );
      expect(body.result).toBe('SessionEndedError');
      expect(body.seen).not.toMatchObject({ userId: 'victim' });
      expect(JSON.stringify(body)).not.toContain(SECRETS.secret);
      expect(setCookies).toEqual([]);
      expect(await read(victim)).toEqual({ cart: [1], ...SECRETS });
    },
  );

  it.each(['with the response', 'save()', 'rotate()'])(
    'lets a slow request change nothing after a login: %s',
    async (how) => {
      const { setCookies } = await across(signInAndWork, async (session) => {
        session.evil = 1;
        if (how === 'save()') await nameOf(session.save());
        if (how === 'rotate()') expect(await nameOf(session.rotate())).toBe('SessionEndedError');
      });
      expect(setCookies).toEqual([]);
      expect(await read(victim)).toEqual({ cart: [1], ...SECRETS });
    },
  );

  it('has a slow login() begin a session of its own, with nothing of the victim’s', async () => {
    const { setCookies } = await across(signInAndWork, (session) => session.login('attacker'));
    expect(setCookies).toHaveLength(1);
    expect(await read(attacker)).toEqual({ userId: 'attacker' });
    expect(await read(victim)).toEqual({ cart: [1], ...SECRETS });
    expect(attacker.sessionId).not.toBe(victim.sessionId);
  });

  it('renews nothing: a slow rotate() after the victim’s does nothing and sends no cookie', async () => {
    const { body, setCookies } = await across(
      () => victim.get('/run/rotate'),
      (session) => nameOf(session.rotate()),
    );
    expect(body.result).toBe('done');
    expect(setCookies).toEqual([]);
    expect(await read(victim)).toEqual({ cart: [1] });
    expect(await read(attacker)).toEqual({});
  });

  it('does not take the session over by a slow login() after the victim’s rotate()', async () => {
    await across(
      () => victim.get('/run/rotate'),
      (session) => session.login('attacker'),
    );
    expect(await read(attacker)).toEqual({ userId: 'attacker' });
    expect(await read(victim)).toEqual({ cart: [1] });
  });

  it('still ends the session by its key: a slow logout() after a login', async () => {
    await across(login, (session) => session.logout());
    expect(await read(victim)).toEqual({});
  });
});

describe.each(KINDS)('a row whose token was exchanged, kept in %s', (kind) => {
  it.each([true, false])('opens to no other id where it is encrypted (%s)', async (isEncrypted) => {
    const backend = await BACKENDS[kind]();
    const site = await openSite(backend, isEncrypted ? { encryption: { keys: ['5a'.repeat(32)] } } : {});
    const victim = site.client();
    await victim.post('/run/set', { cart: [1] });
    const old = victim.copy();
    await victim.post('/run/login', { userId: 'victim' });
    const { handle } = (await victim.get('/run/facts')).body as { handle: string };
    await site.spy.tamper(handle, { token: digestOf(old.sessionId!) });
    // Whoever can write to the database can let an id back in, unless rows are sealed.
    expect((await old.get('/run/read')).body).toEqual(isEncrypted ? {} : { cart: [1], userId: 'victim' });
    expect((await victim.get('/run/read')).body).toEqual({});
    await site.close();
    await backend.close();
  });
});
