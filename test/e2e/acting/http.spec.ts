import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard, type SessionModuleOptions } from '../../../lib/index.js';
import { type FakeClock, fakeClock, readSession, signIn } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { HOUR, MINUTE } from '../../support/clock.js';
import { type AnySite, BACKENDS, type Backend, FRAMEWORKS, IN_COOKIES } from '../../support/site.js';
import { WRAPPED } from '../../support/wrapped.js';

@UseGuards(SessionGuard)
@RequireLogin()
@Controller('account')
class AccountController {
  @Get() show(@Session('userId') userId: string, @Session('actor') actor?: string) {
    return { userId, actor: actor ?? null };
  }
  @RequireLogin({ self: true }) @Post('password') password() {
    return {};
  }
}

const PLACES = { ...BACKENDS, ...IN_COOKIES, 'wrapped under keys': WRAPPED['wrapped under keys'] };
const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const, 'wrapped under keys' as const].map((kind) => ({
    ...framework,
    kind,
    stage: `${kind}, ${framework.adapter}`,
  })),
);

const ACTING = { userId: '42', actor: 'staff' };
const OWN = { userId: 'staff', actor: null };

describe.each(STAGES)('acting for somebody ($stage)', ({ kind, openSite }) => {
  /** What takes a store that knows users. */
  const withUsers = kind === 'cookie' || kind === 'wrapped under keys' ? () => undefined : it;
  let backend: Backend;
  let site: AnySite;
  let clock: FakeClock;
  let client: Client;

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<void> {
    const encryption = kind === 'cookie' ? {} : { encryption: { keys: ['5a'.repeat(32)] } };
    site = await openSite(backend, { idleTimeout: '6h', ...encryption, ...options }, undefined, [
      AccountController,
    ]);
    clock = fakeClock(site.app);
    site.handle('act', ({ session, body }) => session.actAs('42', body));
    site.handle('stop', ({ session }) => session.stopActing());
    client = site.client();
    await client.post('/run/login', { userId: 'staff' });
    site.events.splice(0);
  }

  beforeEach(async () => {
    backend = await PLACES[kind]();
    await open();
  });
  afterEach(async () => {
    clock.reset();
    await site.close();
    await backend.close();
  });

  const who = async (browser = client): Promise<unknown> => (await browser.get('/account')).body;

  it('begins and ends under a new id each time', async () => {
    const before = client.copy();
    expect((await client.post('/run/act')).setCookies).toHaveLength(1);
    expect(await who()).toEqual(ACTING);
    expect(await who(before)).toMatchObject({ code: 'LOGIN_REQUIRED' });
    const meanwhile = client.copy();
    expect((await client.post('/run/stop')).setCookies).toHaveLength(1);
    expect(await who()).toEqual(OWN);
    expect(await who(meanwhile)).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect(site.events.filter(({ type }) => type === 'rotated')).toMatchObject([
      { reason: 'actAs', ...ACTING },
      { reason: 'stopActing', userId: 'staff' },
    ]);
  });

  it('is refused where the user has to be there in person', async () => {
    expect((await client.post('/account/password')).status).toBe(201);
    await client.post('/run/act');
    const { status, body } = await client.post('/account/password');
    expect([status, body]).toEqual([
      403,
      {
        statusCode: 403,
        code: 'LOGIN_ACTING',
        message: 'Only the user in person can do this, not someone who acts for the user.',
      },
    ]);
    await client.post('/run/stop');
    expect((await client.post('/account/password')).status).toBe(201);
  });

  it('is not nested', async () => {
    await client.post('/run/act');
    expect((await client.post('/run/act')).status).toBe(500);
    expect(await who()).toEqual(ACTING);
  });

  it('is over after an hour: the session is the actor’s again, and gets a new id', async () => {
    await client.post('/run/act');
    const { sessionId } = client;
    clock.advance(HOUR - MINUTE);
    expect(await who()).toEqual(ACTING);
    clock.advance(MINUTE);
    const [late, old] = [client.copy(), client.copy()];
    expect(await Promise.all([who(), who(late)])).toEqual([OWN, OWN]);
    expect(await who()).toEqual(OWN);
    if (kind === 'cookie') return; // such ids are renewed by nobody but the application
    expect(client.sessionId).not.toBe(sessionId);
    clock.advance(MINUTE);
    expect(await who(old)).toMatchObject({ code: 'LOGIN_REQUIRED' });
  });

  it('is over after the time that was said, and the session with it', async () => {
    await client.post('/run/act', { limit: '10m', onLimit: 'end' });
    clock.advance(9 * MINUTE);
    expect(await who()).toEqual(ACTING);
    clock.advance(MINUTE);
    expect(await who()).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect(site.events).toContainEqual(
      expect.objectContaining({ type: 'rejected', reason: 'expired', ...ACTING }),
    );
  });

  it.each([{ limit: 'soon' }, { limit: 0 }, { onLimit: 'never' }])('refuses %j', async (options) => {
    expect((await client.post('/run/act', options)).status).toBe(500);
    expect(await who()).toEqual(OWN);
  });

  withUsers('belongs to the actor: in lists, for counts, and for ends', async () => {
    const user = site.client();
    await user.post('/run/login', { userId: '42' });
    await client.post('/run/act');
    const listed = await site.sessions.list('staff');
    expect(listed).toEqual([expect.objectContaining(ACTING)]);
    expect(await site.sessions.get(listed[0]!.handle)).toMatchObject(ACTING);
    expect(await site.sessions.list('42')).toEqual([
      expect.objectContaining({ userId: '42', actor: undefined }),
    ]);
    expect(await site.sessions.count({ userId: '42' })).toBe(1);
    expect(await site.sessions.revokeAll('42')).toBe(1);
    expect(await who()).toEqual(ACTING);
    expect(await site.sessions.revokeAll('staff')).toBe(1);
    expect(await who()).toMatchObject({ code: 'LOGIN_REQUIRED' });
  });

  withUsers('is listed as the actor’s own when the time is over', async () => {
    await client.post('/run/act');
    clock.advance(HOUR);
    expect(await site.sessions.list('staff')).toEqual([
      expect.objectContaining({ userId: 'staff', actor: undefined }),
    ]);
  });

  it('is at hand in tests: signIn(app, { userId, actor })', async () => {
    const cookie = await signIn(site.app, { userId: '42', actor: 'staff', level: 2 });
    const browser = site.client();
    browser.headers.cookie = cookie;
    expect(await who(browser)).toEqual(ACTING);
    expect(await readSession(site.app, cookie)).toMatchObject({ ...ACTING, level: 2 });
    clock.advance(HOUR);
    const after = await readSession(site.app, cookie);
    expect(after).toMatchObject({ userId: 'staff', data: { userId: 'staff' } });
    expect(after).toMatchObject({ actor: undefined });
  });
});

it('is refused where an express-session beside it would forget it', async () => {
  const backend = await WRAPPED.wrapped();
  const site = await FRAMEWORKS[0]!.openSite(backend);
  site.handle('act', async ({ session }) => {
    const error: unknown = await session.actAs('42').catch((reason: unknown) => reason);
    return { code: (error as { code?: unknown }).code, userId: session.userId };
  });
  const client = site.client();
  await client.post('/run/login', { userId: 'staff' });
  expect((await client.get('/run/act')).body).toEqual({ code: 'SESSION_STORE_CAPABILITY', userId: 'staff' });
  await site.close();
});
