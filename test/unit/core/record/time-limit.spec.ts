import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
const { comesWithin, within } = await import('../../../../lib/core/record/time-limit.js');

const never = new Promise<never>(() => undefined);

describe('a promise with a time limit', () => {
  beforeEach(() => clock.reset());

  it('comes, and leaves no timer behind', async () => {
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((given) => (resolve = given));
    const outcomes = [comesWithin(100, promise), within(100, promise, () => new Error('late'))];
    await clock.pass(99);
    resolve('there');
    expect([await Promise.all(outcomes), clock.delays]).toEqual([[true, 'there'], []]);
  });

  it('is late when the time is up', async () => {
    const came = comesWithin(100, never);
    const outcome = within(100, never, () => new Error('late')).catch((error: unknown) => error);
    await clock.pass(99);
    expect(await Promise.race([came, outcome, turns(3).then(() => 'waiting')])).toBe('waiting');
    await clock.pass(1);
    expect([await came, await outcome]).toEqual([false, new Error('late')]);
  });

  it('hands on an error, and leaves no timer behind', async () => {
    const failing = Promise.reject(new Error('broken'));
    await expect(within(100, failing, () => new Error('late'))).rejects.toThrow('broken');
    expect(clock.delays).toEqual([]);
  });

  it('has all the time it was given, even more than a timer can count', async () => {
    const came = comesWithin(Infinity, never);
    await clock.pass(1_000);
    expect(await Promise.race([came, turns(3).then(() => 'waiting')])).toBe('waiting');
  });

  it('does not keep the process alive', () => {
    void comesWithin(100, never);
    expect([clock.timersSet, clock.holding]).toEqual([1, 0]);
  });
});
