import { describe, expect, it } from '@jest/globals';
import { MINUTE, World } from '../support/world.js';

/** A world in which a member of staff acts for a customer. */
async function acting(): Promise<World> {
  const world = new World();
  const { token } = await world.request(undefined, (session) => session.login('staff'));
  await world.request(token, (session) => session.actAs('42', { limit: MINUTE }));
  world.events.length = 0;
  world.store.calls.length = 0;
  return world;
}

const DESTROYED = { type: 'destroyed', reason: 'revoked' };

describe('an end from elsewhere', () => {
  it('tells whom the session was of, and who really acted', async () => {
    const world = await acting();
    const { key } = world.store.row;
    expect(await world.engine.ends.one(key, 'revoked', { userId: 'staff' })).toBe(true);
    expect(world.events).toEqual([
      { ...DESTROYED, at: new Date(world.now), handle: key, userId: '42', actor: 'staff' },
    ]);
  });

  it('tells of the actor alone after the limit', async () => {
    const world = await acting();
    world.now += MINUTE;
    await world.engine.ends.one(world.store.row.key, 'revoked');
    expect(world.events).toEqual([expect.objectContaining({ ...DESTROYED, userId: 'staff' })]);
    expect(world.events[0]).not.toHaveProperty('actor');
  });

  it('happens although the session could not be read for the event', async () => {
    const world = await acting();
    const { key } = world.store.row;
    world.store.before = (call) => {
      if (call === 'read') throw new Error('away');
    };
    expect(await world.engine.ends.one(key, 'revoked', { userId: 'staff' })).toBe(true);
    expect(world.store.rows.size).toBe(0);
    expect(world.events.at(-1)).toEqual({
      ...DESTROYED,
      at: new Date(world.now),
      handle: key,
      userId: 'staff',
    });
  });

  it('is an error where it could not be carried out, and tells nothing', async () => {
    const world = await acting();
    world.store.before = (call) => {
      if (call === 'deleteOwned') throw new Error('away');
    };
    const ending = world.engine.ends.one(world.store.row.key, 'revoked', { userId: 'staff' });
    await expect(ending).rejects.toMatchObject({ statusCode: 503 });
    expect(world.happened).not.toContain('destroyed');
  });

  it('ends nothing of another user', async () => {
    const world = await acting();
    expect(await world.engine.ends.one(world.store.row.key, 'revoked', { userId: '42' })).toBe(false);
    expect(world.events).toEqual([]);
  });

  it('names the user who was asked for, if somebody else has signed in since it was read', async () => {
    const world = await acting();
    world.store.after = (call) => {
      if (call === 'read') world.store.vandalize({ userId: 'eve', meta: null });
    };
    expect(await world.engine.ends.one(world.store.row.key, 'revoked', { userId: 'eve' })).toBe(true);
    expect(world.events).toEqual([expect.objectContaining({ ...DESTROYED, userId: 'eve' })]);
    expect(world.events[0]).not.toHaveProperty('actor');
  });
});
