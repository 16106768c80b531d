import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { expect } from '@jest/globals';
import { RequireLogin, SessionGuard } from '../../../lib/index.js';
import { MINUTE } from '../../support/clock.js';
import { type Attacks, member, seenWith, thief } from '../support/scene.js';

@UseGuards(SessionGuard)
@RequireLogin()
@Controller('account')
class AccountController {
  @Get()
  show() {
    return 'shown';
  }

  @RequireLogin({ within: '5m' })
  @Post('email')
  changeEmail() {
    return 'changed';
  }

  @RequireLogin({ level: 2, within: '5m' })
  @Post('payout')
  payOut() {
    return 'paid';
  }

  @RequireLogin({ self: true })
  @Post('password')
  changePassword() {
    return 'changed';
  }
}

/** Whose sessions there are, and who may end them. */
export const accounts: Attacks = {
  'ASVS 7.1.2: a user has so many sessions and no more, however many log in at once': async ({
    clock,
    open,
  }) => {
    const options = { maxSessionsPerUser: 3 };
    const [site, other] = [await open(options), await open(options)];
    const oldest = await member(site);
    clock.advance(1); // of sessions that begin in the same millisecond, any is the oldest
    await Promise.all(Array.from({ length: 12 }, (_, index) => member(index % 2 ? site : other)));
    await member(other, 'eve');
    expect(await site.sessions.count({ userId: 'ann' })).toBe(3);
    expect(await seenWith(oldest, other)).toEqual({});
    expect(await site.sessions.count({ userId: 'eve' })).toBe(1);
  },

  'ASVS 7.4.2: all sessions of a user end together': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    const [phone, laptop, eve] = [await member(site), await member(other), await member(site, 'eve')];
    expect(await site.sessions.revokeAll('ann')).toBe(2);
    for (const at of [site, other]) {
      expect([await seenWith(phone, at), await seenWith(laptop, at)]).toEqual([{}, {}]);
      expect(await seenWith(eve, at)).toEqual({ userId: 'eve' });
    }
  },

  'ASVS 7.4.3: all sessions of a user but the current one end together': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    site.handle('change', ({ session }) => site.sessions.revokeAll('ann', { except: session }));
    const [here, there, stolen] = [await member(site), await member(other), await member(site)];
    expect((await here.post('/run/change')).body).toBe(2);
    for (const gone of [there, stolen]) expect(await seenWith(gone, other)).toEqual({});
    expect(await seenWith(here, other)).toEqual({ userId: 'ann' });
  },

  'ASVS 7.4.5: everybody’s sessions end together': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    const clients = [await member(site), await member(other), await member(other, 'eve')];
    expect(await other.sessions.revokeEverything()).toBe(3);
    for (const client of clients) expect(await seenWith(client, site)).toEqual({});
    expect(await site.sessions.count()).toBe(0);
  },

  'ASVS 7.6.1: the sessions that an identity provider names end together, and no others': async ({
    open,
  }) => {
    const [site, other] = [await open(), await open()];
    const signIn = async (at: typeof site, userId: string, reference?: string) => {
      const client = at.client();
      await client.post('/run/login', { userId, reference });
      return client;
    };
    for (const one of [site, other])
      one.handle('login', ({ session, body: { userId, ...options } }) =>
        session.login(userId as string, options),
      );
    const named = [await signIn(site, 'ann', 'sid-1'), await signIn(other, 'ann', 'sid-1')];
    const others = [
      await signIn(site, 'ann', 'sid-2'),
      await signIn(site, 'ann'),
      await signIn(other, 'eve', 'sid-1'),
    ];
    await named[0]!.post('/run/rotate');
    expect(await other.sessions.revokeByReference('sid-1', { userId: 'ann' })).toBe(2);
    for (const client of named) expect(await seenWith(client, site)).toEqual({});
    for (const client of others) expect(await seenWith(client, site)).toHaveProperty('userId');
    expect(JSON.stringify([await site.sessions.list('ann'), site.events, other.events])).not.toContain(
      'sid-',
    );
  },

  'ASVS 7.5.1, 7.5.3: what is sensitive asks for a fresh login': async ({ open, clock }) => {
    const site = await open({}, undefined, [AccountController]);
    site.handle('pretend', ({ session }) => void (session.userId = 'ann'));
    const [ann, visitor] = [await member(site), site.client()];
    const refused = (code: string) => ({ status: 401, body: { code } });
    expect(await visitor.post('/account/email')).toMatchObject(refused('LOGIN_REQUIRED'));
    expect((await ann.post('/account/email')).text).toBe('changed');
    clock.advance(6 * MINUTE);
    for (const way of ['read', 'set', 'rotate', 'increment', 'pretend']) {
      await ann.post(`/run/${way}`, { authenticatedAt: new Date(), userId: 'ann' }); // none makes a login fresh
      expect(await ann.post('/account/email')).toMatchObject(refused('LOGIN_STALE'));
    }
    expect((await ann.get('/account')).text).toBe('shown');
    await ann.post('/run/login', { userId: 'ann' });
    expect((await ann.post('/account/email')).text).toBe('changed');
  },

  'ASVS 7.5.2: users see their own sessions, and end their own alone': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    site.handle('devices', ({ session }) => site.sessions.list(session.userId!, { current: session }));
    site.handle('end', ({ session, body }) =>
      site.sessions.revoke(body.handle as string, { userId: session.userId! }),
    );
    const [here, there, eve] = [await member(site), await member(other), await member(other, 'eve')];
    const devices = (await here.get('/run/devices')).body as { handle: string; current: boolean }[];
    expect(devices.map(({ current }) => current).sort()).toEqual([false, true]);
    expect(JSON.stringify(devices)).not.toMatch(new RegExp(`${here.sessionId}|${there.sessionId}|eve`));
    const [theirs] = await site.sessions.list('eve');
    expect((await here.post('/run/end', { handle: theirs!.handle })).body).toBe(false);
    expect(await seenWith(eve, site)).toEqual({ userId: 'eve' });
    const { handle } = devices.find(({ current }) => !current)!;
    expect((await thief(site, eve.cookies).post('/run/end', { handle })).body).toBe(false);
    expect((await here.post('/run/end', { handle })).body).toBe(true);
    for (const at of [site, other]) expect(await seenWith(there, at)).toEqual({});
    expect(await seenWith(here, other)).toEqual({ userId: 'ann' });
  },

  'ASVS 7.5.3: what asks for a second factor gets it, and an id from before proves nothing': async ({
    open,
    clock,
  }) => {
    const [site, other] = [await open({}, undefined, [AccountController]), await open()];
    site.handle('prove', ({ session }) => session.stepUp(2));
    const ann = await member(site);
    const stolen = thief(site, ann.cookies);
    const refused = { status: 401, body: { code: 'LOGIN_LEVEL', level: 2 } };
    for (const way of ['read', 'set', 'rotate']) {
      await ann.post(`/run/${way}`, { level: 2, levels: [[2, Date.now()]] }); // none proves anything
      expect(await ann.post('/account/payout')).toMatchObject(refused);
    }
    await ann.post('/run/prove');
    expect((await ann.post('/account/payout')).text).toBe('paid');
    expect(await stolen.post('/account/payout')).toMatchObject({ body: { code: 'LOGIN_REQUIRED' } });
    expect(await seenWith(stolen, other)).toEqual({});
    clock.advance(6 * MINUTE);
    expect(await ann.post('/account/payout')).toMatchObject(refused);
    await ann.post('/run/login', { userId: 'ann' });
    expect(await ann.post('/account/payout')).toMatchObject(refused);
  },

  'Who acts for a user is known, cannot do what is the user’s own, and ceases in time': async ({
    open,
    clock,
  }) => {
    const [site, other] = [await open({}, undefined, [AccountController]), await open()];
    site.handle('act', ({ session }) => session.actAs('ann'));
    const [ann, staff] = [await member(site), await member(site, 'staff')];
    await staff.post('/run/act');
    expect(await staff.post('/account/password')).toMatchObject({
      status: 403,
      body: { code: 'LOGIN_ACTING' },
    });
    expect((await ann.post('/account/password')).text).toBe('changed');
    expect(await other.sessions.list('staff')).toMatchObject([{ userId: 'ann', actor: 'staff' }]);
    const traces = site.events.filter((event) => 'actor' in event);
    expect(traces).toMatchObject(traces.map(() => ({ userId: 'ann', actor: 'staff' })));
    expect(traces.length).toBeGreaterThan(1);
    await staff.post('/run/set', { actor: null, acting: null }); // does not hide it
    expect(await staff.post('/account/password')).toMatchObject({ status: 403 });
    clock.advance(61 * MINUTE);
    for (const at of [site, other]) expect(await seenWith(staff, at)).toMatchObject({ userId: 'staff' });
    await other.sessions.revokeAll('staff');
    expect(await seenWith(staff, site)).toEqual({});
    expect(await seenWith(ann, site)).toEqual({ userId: 'ann' });
  },
};
