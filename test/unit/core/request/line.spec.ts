import { expect, it } from '@jest/globals';
import { Moment } from '../../../../lib/core/request/line.js';
import { turns } from '../support/fake-clock.js';

it('any number may wait for a moment, also when it is past', async () => {
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
