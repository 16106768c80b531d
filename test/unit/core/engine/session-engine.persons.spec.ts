import { describe, expect, it } from '@jest/globals';
import { parseMeta } from '../../../../lib/core/record/session-meta.js';
import { MINUTE, World } from '../support/world.js';

/** Whoever becomes another person, in whatever way, begins an epoch: requests under way do not cross it. */
describe('a session that another user takes over by a data key', () => {
  it.each(['stepUp', 'actAs'] as const)(
    'does not get what %s() of the user before asked for',
    async (call) => {
      const world = new World();
      const { token } = await world.request(undefined, (session) => session.login('mallory'));
      const slow = await world.visit(token);
      expect(slow.session.userId).toBe('mallory');
      await world.request(token, (session) => void (session.userId = 'victim'));
      const calling = call === 'stepUp' ? slow.session.stepUp(2) : slow.session.actAs('customer');
      await expect(calling).rejects.toMatchObject({ code: 'SESSION_ENDED' });
      await slow.commit();
      const { session } = await world.visit(token);
      expect([session.userId, session.level < 2, session.actor]).toEqual(['victim', true, undefined]);
    },
  );
});

describe('the limit of acting, and a login at the same time by an instance whose clock is late', () => {
  it('begin two epochs: a request that saw the one reads nothing of the other', async () => {
    const world = new World();
    let { token } = await world.request(undefined, (session) => session.login('staff'));
    ({ token } = await world.request(token, (session) => session.actAs('customer', { limit: MINUTE })));
    const before = await world.visit(token);
    expect(before.session.userId).toBe('customer');
    world.now += 2 * MINUTE;
    const after = await world.visit(token);
    expect(after.session.userId).toBe('staff');
    world.now -= 2 * MINUTE;
    await before.session.login('eve');
    before.session.note = 'of eve';
    await before.commit();
    world.now += 2 * MINUTE;
    await expect(after.session.reload()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    after.session.planted = true;
    await after.commit();
    expect(JSON.parse(world.store.row.data)).toEqual({ userId: 'eve', note: 'of eve' });
  });
});

it('a login where devices are not bound gives the key of the user before up', async () => {
  const world = new World({ bindsDevices: true });
  const { token } = await world.request(undefined, (session) => session.login('mallory'));
  const meta = parseMeta(world.store.row.meta);
  const key = { alg: 'ES256', spki: 'AAAA' };
  world.store.vandalize({ meta: JSON.stringify({ ...meta, device: { ...meta.device, key } }) });
  await new World({ store: world.store }).request(token, (session) => session.login('victim'));
  expect(parseMeta(world.store.row.meta).device).toBeUndefined();
});
