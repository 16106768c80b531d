import { expect, it } from '@jest/globals';
import { coresIn } from './cores.js';

it.each([
  ['0', [0]],
  ['0-2,5', [0, 1, 2, 5]],
  [' 4,6-7\n', [4, 6, 7]],
])('reads the cores of %j', (list, cores) => {
  expect(coresIn(list)).toEqual(cores);
});
