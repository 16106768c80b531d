import assert from 'node:assert/strict';
import { capabilitiesOf, type StoreCapability } from '../../core/store/session-store.js';
import type { ContractTest } from './declarations.js';

/** The methods of each capability. */
const METHODS: Readonly<Record<StoreCapability, readonly string[]>> = {
  users: ['findByUser', 'count', 'deleteOwned', 'deleteByUser', 'deleteAll'],
  references: ['findByReference', 'deleteByReference'],
  prune: ['prune'],
};

/** @param expected - The capabilities that the store must declare; undefined if it may declare any. */
export function capabilitiesContract(
  test: ContractTest,
  expected: readonly StoreCapability[] | undefined,
): void {
  if (expected !== undefined) {
    test(`declares the capabilities: ${expected.join(', ') || 'none'}`, (store) => {
      assert.deepEqual([...capabilitiesOf(store)].sort(), [...expected].sort());
      return Promise.resolve();
    });
  }

  test('has the methods of every capability that it declares', (store) => {
    const methods = capabilitiesOf(store).flatMap((capability) => METHODS[capability]);
    const missing = methods.filter((name) => typeof Reflect.get(store, name) !== 'function');
    assert.deepEqual(missing, [], 'methods that are missing');
    return Promise.resolve();
  });
}
