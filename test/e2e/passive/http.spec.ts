import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req, UseGuards } from '@nestjs/common';
import {
  PassiveSession,
  RequireLogin,
  Session,
  SessionGuard,
  type SessionModuleOptions,
} from '../../../lib/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { HOUR, MINUTE } from '../../support/clock.js';
import {
  type AnySession,
  type AnySite,
  BACKENDS,
  type Backend,
  FRAMEWORKS,
  IN_COOKIES,
} from '../../support/site.js';
import { WRAPPED } from '../../support/wrapped.js';

@Controller('passive')
@PassiveSession()
class PassiveController {
  @Get('expiry') expiry(@Session('expiresAt') expiresAt: Date) {
    return { expiresAt };
  }
  @Get('bare') bare() {
    return {};
  }
  @UseGuards(SessionGuard) @RequireLogin() @Get('guarded') guarded(@Session('userId') userId: string) {
    return { userId };
  }
  @Post('change') change(@Session() session: AnySession) {
    session.seen = 1;
  }
  @Post('change-and-save') async changeAndSave(@Session() session: AnySession) {
    session.seen = 1;
    await session.save();
  }
  @Post('save') async save(@Session() session: AnySession) {
    await session.save();
  }
  @Post('touch') touch(@Session() session: AnySession) {
    session.touch();
  }
  @PassiveSession(false) @Get('active') active(@Req() _: unknown) {
    return {};
  }
}

@Controller('active')
class ActiveController {
  @PassiveSession() @Get('passive') passive() {
    return {};
  }
  @UseGuards(SessionGuard) @RequireLogin({ within: '1m' }) @PassiveSession() @Get('refused') refused() {
    return {};
  }
  @PassiveSession(false) @Get('background') background() {
    return {};
  }
}

const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const, 'wrapped' as const].map((kind) => ({
    ...framework,
    kind,
    stage: `${kind}, ${framework.adapter}`,
  })),
);

describe.each(STAGES)('a passive request ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: FakeClock;
  let client: Client;

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<void> {
    site = await openSite(backend, { idleTimeout: '1h', cookie: { maxAge: '1h' }, ...options }, undefined, [
      PassiveController,
      ActiveController,
    ]);
    clock = fakeClock(site.app);
    client = site.client();
    await client.post('/run/login', { userId: 'ann' });
    site.spy.reset();
  }

  beforeEach(async () => {
    backend = await { ...BACKENDS, ...IN_COOKIES, ...WRAPPED }[kind]();
  });
  afterEach(async () => {
    clock.reset();
    await site.close();
    await backend.close();
  });

  const facts = async (): Promise<{ lastSeenAt: string; expiresAt: string }> =>
    (await client.get('/run/facts')).body as { lastSeenAt: string; expiresAt: string };

  it.each(['/passive/expiry', '/passive/bare', '/passive/guarded', '/active/passive'])(
    'does not prolong the session: no touch, no cookie (%s)',
    async (path) => {
      await open();
      for (let minutes = 15; minutes < 60; minutes += 15) {
        clock.advance(15 * MINUTE);
        const { status, setCookies } = await client.get(path);
        expect([status, setCookies]).toEqual([200, []]);
      }
      expect(site.spy.count('update')).toBe(0);
      clock.advance(15 * MINUTE);
      expect((await client.get('/passive/guarded')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    },
  );

  it('that a guard refuses does not prolong it either', async () => {
    await open();
    clock.advance(15 * MINUTE);
    expect((await client.get('/active/refused')).body).toMatchObject({ code: 'LOGIN_STALE' });
    expect(site.spy.count('update')).toBe(0);
  });

  it('shows when the session ends', async () => {
    await open();
    const before = await facts();
    clock.advance(15 * MINUTE);
    expect((await client.get('/passive/expiry')).body).toEqual({ expiresAt: before.expiresAt });
  });

  it('renews no id, and waits with what another request renewed', async () => {
    if (kind === 'cookie' || kind === 'wrapped') return open(); // only the application renews such ids
    await open({ rotateInterval: '10m' });
    clock.advance(15 * MINUTE);
    const id = client.sessionId;
    const late = client.copy();
    await client.get('/passive/bare');
    expect(client.sessionId).toBe(id);
    await client.get('/run/nothing');
    expect(client.sessionId).not.toBe(id);
    expect((await late.get('/passive/guarded')).setCookies).toEqual([]);
    expect((await late.get('/run/nothing')).setCookies).toHaveLength(1);
    expect(late.sessionId).toBe(client.sessionId);
  });

  it.each(['change', 'change-and-save'])(
    'stores a change, and does not count as seen for that (%s)',
    async (way) => {
      await open();
      const before = await facts();
      clock.advance(15 * MINUTE);
      await client.post(`/passive/${way}`);
      const after = await client.get('/passive/expiry');
      expect((after.body as { expiresAt: string }).expiresAt).toBe(before.expiresAt);
      clock.advance(30 * MINUTE);
      expect((await client.get('/run/read')).body).toMatchObject({ userId: 'ann', seen: 1 });
    },
  );

  it('does not prolong it by save(), but by touch()', async () => {
    await open();
    clock.advance(15 * MINUTE);
    await client.post('/passive/save');
    expect(site.spy.count('update')).toBe(0);
    const { setCookies } = await client.post('/passive/touch');
    expect(setCookies).toHaveLength(1);
    clock.advance(HOUR - MINUTE);
    expect((await client.get('/passive/guarded')).body).toEqual({ userId: 'ann' });
  });

  it('is an active one where a method says so', async () => {
    await open();
    clock.advance(15 * MINUTE);
    expect((await client.get('/passive/active')).setCookies).toHaveLength(1);
    expect(site.spy.count('update')).toBe(1);
  });

  describe('by the option "passive"', () => {
    const passive: SessionModuleOptions['passive'] = ({ headers }) => headers['x-background'] === '1';

    it('is what the option says, unless a route says otherwise', async () => {
      await open({ passive });
      client.headers['x-background'] = '1';
      clock.advance(15 * MINUTE);
      expect((await client.get('/run/read')).setCookies).toEqual([]);
      expect(site.spy.count('update')).toBe(0);
      expect((await client.get('/active/background')).setCookies).toHaveLength(1);
      clock.advance(15 * MINUTE);
      delete client.headers['x-background'];
      expect((await client.get('/passive/bare')).setCookies).toEqual([]);
      expect((await client.get('/run/read')).setCookies).toHaveLength(1);
    });

    it.each<[string, () => unknown]>([
      [
        'throws',
        () => {
          throw new Error('a mistake');
        },
      ],
      ['returns a promise', () => Promise.resolve(true)],
    ])('fails a request if it %s', async (_, wrong) => {
      let answer: () => unknown = () => false;
      await open({ passive: () => answer() as boolean });
      answer = wrong;
      expect((await client.get('/run/read')).status).toBe(500);
      answer = () => undefined;
      expect((await client.get('/run/read')).body).toMatchObject({ userId: 'ann' });
    });
  });

  it('by SessionService.load(request, { passive: true })', async () => {
    await open();
    site.handle('load', async ({ req }) => ({
      of: (await site.sessions.load(req, { passive: true })).userId,
    }));
    clock.advance(15 * MINUTE);
    const { body, setCookies } = await client.get('/run/load');
    expect([body, setCookies, site.spy.count('update')]).toEqual([{ of: 'ann' }, [], 0]);
  });

  it('begins a session like any other', async () => {
    await open();
    const visitor = site.client();
    expect((await visitor.post('/passive/change')).setCookies).toHaveLength(1);
    expect((await visitor.get('/run/read')).body).toEqual({ seen: 1 });
  });
});
