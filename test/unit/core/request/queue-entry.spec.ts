import { expect, it } from '@jest/globals';
import { Latch } from '../../../../lib/core/request/queue-entry.js';
import { turns } from '../support/fake-clock.js';

it('any number may wait for a moment, also when it is past', async () => {
  const moment = new Latch();
  const log: string[] = [];
  const waiting = ['one', 'two'].map((name) => moment.wait().then(() => log.push(name)));
  await turns(1);
  expect([moment.isOpen, log]).toEqual([false, []]);
  moment.open();
  await Promise.all(waiting);
  await moment.wait();
  expect([moment.isOpen, log]).toEqual([true, ['one', 'two']]);
});
