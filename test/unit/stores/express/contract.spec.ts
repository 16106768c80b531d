import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import { ExpressStoreAdapter } from '../../../../lib/stores/express/express-store.adapter.js';
import { FakeStore } from './support.js';

/** What the contract asks for and a store for express-session cannot do. Should it be able to one day, its test fails here. */
const BEYOND = new Set([
  // There is no conditional write.
  'a key that is created by many calls at once is created once',
  'of many updates against one version exactly one wins',
  'calls that are about the same keys in opposite order do not stop each other',
  // Only the current key is known; the engine is told so by keepsPreviousKeys.
  'keeps a record whose nullable fields are set',
  'a renewed record is found by its new key and by the one before',
  'a renewed record is changed by its new key alone',
  'a record that was renewed twice is not found by its first key',
  'removes a record by the key it had before',
  'answers changes that hold and changes that do not in order',
  'the key that a record had before is free',
  // Data is parsed, as express-session has it in its rows: the same values, in another notation.
  'keeps every kind of JSON value byte for byte',
  'keeps white space as it was written byte for byte',
  'keeps numbers that are not exact byte for byte',
]);

const beyond = new Set<string>();

/** Declares a test of the contract, or that it fails. */
function declare(name: string, body: () => Promise<void>): void {
  if (!BEYOND.has(name)) return it(name, body);
  beyond.add(name);
  return it(`beyond it: ${name}`, async () => {
    await expect(body()).rejects.toThrow();
  });
}

describe.each([false, true])('a store for express-session (hashIds: %s)', (hashIds) => {
  sessionStoreContract(
    'ExpressStoreAdapter',
    () => ({ store: new ExpressStoreAdapter(new FakeStore(), { hashIds }) }),
    { describe, beforeEach, afterEach, it: declare },
  );
});

it('what is beyond it is what the contract has', () => {
  expect(beyond).toEqual(BEYOND);
});
