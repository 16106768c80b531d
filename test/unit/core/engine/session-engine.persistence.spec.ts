import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
jest.unstable_mockModule('node:perf_hooks', () => clock.hooks);
const { World } = await import('../support/world.js');

/** A world in which somebody else is faster so many times. */
async function contested(times: number) {
  const world = new World();
  const token = await world.begin({ n: 1 });
  const visit = await world.visit(token);
  world.store.before = (call) => {
    if (call === 'update' && times-- > 0) world.store.vandalize({ version: world.store.row.version + 1 });
  };
  let runs = 0;
  const outcome = visit.session
    .update((session) => {
      runs++;
      return (session.n = (session.n as number) + 1);
    })
    .catch((error: unknown) => error);
  return { world, visit, outcome, runs: () => runs };
}

describe('a change that meets newer versions', () => {
  beforeEach(() => clock.reset());

  it('once is tried again at once', async () => {
    const { world, outcome } = await contested(1);
    await clock.pass(0);
    expect(await outcome).toBe(2);
    expect([world.data, clock.now]).toEqual([{ n: 2 }, 0]);
  });

  it('is tried again and again, always on what the store holds', async () => {
    const { world, outcome, runs } = await contested(30);
    await clock.pass(5_000);
    expect([await outcome, runs()]).toEqual([2, 31]);
    expect(world.data).toEqual({ n: 2 });
  });

  it('gives up in the end with 503 and Retry-After, and leaves the session as it was', async () => {
    const { visit, outcome } = await contested(Infinity);
    await clock.pass(10_000);
    expect(await outcome).toMatchObject({ code: 'SESSION_CONFLICT', statusCode: 503, retryAfter: 1 });
    expect({ ...visit.session }).toEqual({ n: 1 });
    expect(clock.delays).toEqual([]);
  });

  it('does not keep the store busy meanwhile', async () => {
    const { world, outcome } = await contested(Infinity);
    await clock.pass(10_000);
    await outcome;
    expect(world.store.asked('update')).toBeLessThan(2_000);
  });
});
