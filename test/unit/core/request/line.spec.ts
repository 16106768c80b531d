import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeClock, turns } from '../support/fake-clock.js';

const clock = new FakeClock();
jest.unstable_mockModule('node:timers', () => clock.timers);
const { comesWithin, Moment } = await import('../../../../lib/core/request/line.js');

beforeEach(() => clock.reset());

describe('a moment', () => {
  it('is waited for by any number, and by those who come when it is past', async () => {
    const moment = new Moment();
    const log: string[] = [];
    const waiting = ['one', 'two'].map((name) => moment.wait().then(() => log.push(name)));
    await turns(1);
    expect([moment.isPast, log]).toEqual([false, []]);
    moment.happen();
    await Promise.all(waiting);
    await moment.wait();
    expect([moment.isPast, log]).toEqual([true, ['one', 'two']]);
  });
});

describe('waiting for a moment with a time limit', () => {
  it('needs no timer where it is past', async () => {
    const moment = new Moment();
    moment.happen();
    expect(await comesWithin(moment, 100)).toBe(true);
    expect(clock.timersSet).toBe(0);
  });

  it('ends when it comes, and leaves no timer behind', async () => {
    const moment = new Moment();
    const came = comesWithin(moment, 100);
    await clock.pass(99);
    moment.happen();
    expect([await came, clock.delays]).toEqual([true, []]);
  });

  it('ends when the time is up', async () => {
    const came = comesWithin(new Moment(), 100);
    await clock.pass(99);
    expect(await Promise.race([came, turns(1).then(() => 'waiting')])).toBe('waiting');
    await clock.pass(1);
    expect(await came).toBe(false);
  });

  it('has all the time it was given, also where that is more than a timer can count', async () => {
    const came = comesWithin(new Moment(), Infinity);
    await clock.pass(1_000);
    expect(await Promise.race([came, turns(1).then(() => 'waiting')])).toBe('waiting');
  });

  it('does not keep the process alive', () => {
    void comesWithin(new Moment(), 100);
    expect([clock.timersSet, clock.holding]).toEqual([1, 0]);
  });
});
