import { describe } from '@jest/globals';
import type { SessionStoreContractOptions } from '../../../lib/testing/session-store.contract.js';

/** The parts of the contract in which calls race each other: most of its time. */
const RACES = new Set(['many at once', 'a change and an end at once', 'a change and a pruning at once']);

/** The options of the contract where the same statements are tried in full through another client or class. */
export const TRIED_ELSEWHERE: SessionStoreContractOptions = {
  describe: (name, body) => (RACES.has(name) ? undefined : describe(name, body)),
};
