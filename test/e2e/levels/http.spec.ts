import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard } from '../../../lib/index.js';
import { type FakeClock, fakeClock, readSession, signIn } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { MINUTE } from '../../support/clock.js';
import { type AnySite, BACKENDS, type Backend, FRAMEWORKS, IN_COOKIES } from '../../support/site.js';
import { WRAPPED } from '../../support/wrapped.js';

@UseGuards(SessionGuard)
@Controller('levels')
class LevelController {
  @RequireLogin() @Get('one') one(@Session('level') level: number) {
    return { level };
  }
  @RequireLogin({ level: 2 }) @Get('two') two(@Session('level') level: number) {
    return { level };
  }
  @RequireLogin({ level: 2, within: '5m' }) @Get('fresh') fresh() {
    return {};
  }
  @RequireLogin({ level: 1, within: '5m' }) @Get('present') present() {
    return {};
  }
  @RequireLogin() @Post('step-up') stepUp(@Session() session: Session) {
    return session.stepUp(2);
  }
}

const PLACES = { ...BACKENDS, ...IN_COOKIES, ...WRAPPED };
const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const, ...(Object.keys(WRAPPED) as (keyof typeof WRAPPED)[])].map(
    (kind) => ({ ...framework, kind, stage: `${kind}, ${framework.adapter}` }),
  ),
);

const refused = (level: number): object => ({
  statusCode: 401,
  code: 'LOGIN_LEVEL',
  message: `This requires a login of level ${level}; confirm your identity with another factor.`,
  level,
});

describe.each(STAGES)('@RequireLogin({ level }) ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: FakeClock;
  let client: Client;

  beforeEach(async () => {
    backend = await PLACES[kind]();
    const options = kind === 'cookie' ? {} : { encryption: { keys: ['5a'.repeat(32)] } };
    site = await openSite(backend, options, undefined, [LevelController]);
    site.handle('login', ({ session, body }) => session.login('ada', { level: Number(body.level ?? 1) }));
    clock = fakeClock(site.app);
    client = site.client();
  });
  afterEach(async () => {
    clock.reset();
    await site.close();
    await backend.close();
  });

  it('asks for a login, then for the level, and says which', async () => {
    expect((await client.get('/levels/two')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    await client.post('/run/login', {});
    expect((await client.get('/levels/one')).body).toEqual({ level: 1 });
    const { status, body } = await client.get('/levels/two');
    expect([status, body]).toEqual([401, refused(2)]);
  });

  it('lets in who has proved it by stepUp(), under a new id', async () => {
    await client.post('/run/login', {});
    const old = client.copy();
    const { status, setCookies } = await client.post('/levels/step-up');
    expect([status, setCookies.length]).toEqual([201, 1]);
    expect((await client.get('/levels/two')).body).toEqual({ level: 2 });
    expect((await old.get('/levels/one')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect(site.events).toContainEqual(
      expect.objectContaining({ type: 'rotated', reason: 'stepUp', userId: 'ada' }),
    );
  });

  it('lets in who has proved it, or more, by login()', async () => {
    for (const level of [2, 3]) {
      await client.post('/run/login', { level });
      expect((await client.get('/levels/two')).body).toEqual({ level });
    }
  });

  it('lets the level fall after a while, where the route says so', async () => {
    await client.post('/run/login', {});
    await client.post('/levels/step-up');
    clock.advance(4 * MINUTE);
    expect((await client.get('/levels/fresh')).status).toBe(200);
    clock.advance(2 * MINUTE);
    expect((await client.get('/levels/fresh')).body).toEqual(refused(2));
    expect((await client.get('/levels/present')).body).toEqual(refused(1));
    expect((await client.get('/levels/two')).body).toEqual({ level: 2 });
    await client.post('/levels/step-up');
    expect((await client.get('/levels/fresh')).status).toBe(200);
    expect((await client.get('/levels/present')).status).toBe(200);
  });

  it('is at hand in tests: signIn(app, { level })', async () => {
    const visitor = site.client();
    visitor.headers.cookie = await signIn(site.app, { userId: 'ada', level: 2 });
    expect((await visitor.get('/levels/two')).body).toEqual({ level: 2 });
    expect(await readSession(site.app, visitor.headers.cookie)).toMatchObject({ userId: 'ada', level: 2 });
  });
});

describe('@RequireLogin()', () => {
  it.each([
    [{ level: 0 }, /"@RequireLogin level": 0 was given; accepted: a whole number/],
    [{ level: '2' as never }, /"@RequireLogin level": "2" was given/],
    [{ self: 1 as never }, /"@RequireLogin self": 1 was given; accepted: true or false/],
  ])('refuses %j when the class is read', (options, message) => {
    expect(() => RequireLogin(options)).toThrow(message);
  });
});
