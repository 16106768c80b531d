import type { SessionStore } from '../core/session-store.js';
import { concurrencyContract } from './contract/concurrency.contract.js';
import { deleteContract } from './contract/delete.contract.js';
import { pruneContract } from './contract/prune.contract.js';
import { readAndCreateContract } from './contract/read-create.contract.js';
import { textContract } from './contract/text.contract.js';
import { updateContract } from './contract/update.contract.js';
import { usersContract } from './contract/users.contract.js';

/** The functions of a test runner that the contract suite declares its tests with. */
export interface ContractTestFunctions {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
  readonly beforeEach: (body: () => Promise<void>) => unknown;
  readonly afterEach: (body: () => Promise<void>) => unknown;
}

/** A store under test, made anew for each test. */
export interface ContractSubject {
  /** The store, empty. The suite calls its `start()` and `close()`. */
  readonly store: SessionStore;
  /** Called after the test: closes what was opened for it. */
  close?(): Promise<void> | void;
}

/** Declares a test of the contract. */
export type ContractTest = (name: string, body: (store: SessionStore) => Promise<void>) => void;

/**
 * Declares the tests that every {@link SessionStore} must pass, in a `describe` block of their own.
 *
 * Works in any runner: with Jest, and with Vitest where `globals` is on, the runner's globals are used; otherwise give
 * its functions in `options`. Tests of what only some stores can do (finding by user, pruning) pass at once for a
 * store that cannot do it.
 *
 * @param name - What the block is called.
 * @param makeStore - Makes an empty store; called before each test.
 * @param options - The runner's functions, where they are not global.
 * @throws TypeError when a function of the runner is neither global nor given.
 *
 * @example
 * ```ts
 * // my-store.spec.ts, with Jest
 * import { sessionStoreContract } from 'nest-session/testing';
 *
 * sessionStoreContract('MyStore', async () => {
 *   const client = await connect();
 *   await client.clear();
 *   return { store: new MyStore(client), close: () => client.end() };
 * });
 * ```
 *
 * @example
 * ```ts
 * // with node:test
 * import { afterEach, beforeEach, describe, it } from 'node:test';
 *
 * sessionStoreContract('MyStore', () => ({ store: new MyStore() }), { describe, it, beforeEach, afterEach });
 * ```
 */
export function sessionStoreContract(
  name: string,
  makeStore: () => Promise<ContractSubject> | ContractSubject,
  options: Partial<ContractTestFunctions> = {},
): void {
  const { describe, it, beforeEach, afterEach } = testFunctions(options);

  describe(`${name} keeps the contract of a session store`, () => {
    let subject: ContractSubject | undefined;

    beforeEach(async () => {
      subject = await makeStore();
      await subject.store.start?.();
    });

    afterEach(async () => {
      const done = subject;
      subject = undefined;
      try {
        await done?.store.close?.();
      } finally {
        await done?.close?.();
      }
    });

    const test: ContractTest = (title, body) => it(title, () => body(subject!.store));

    describe('read and create', () => readAndCreateContract(test));
    describe('update', () => updateContract(test));
    describe('delete', () => deleteContract(test));
    describe('text', () => textContract(test));
    describe('many at once', () => concurrencyContract(test));
    describe('users, where it knows them', () => usersContract(test));
    describe('prune, where it can', () => pruneContract(test));
  });
}

function testFunctions(given: Partial<ContractTestFunctions>): ContractTestFunctions {
  const globals = globalThis as Partial<ContractTestFunctions>;
  const pick = <Name extends keyof ContractTestFunctions>(name: Name): ContractTestFunctions[Name] => {
    const found = given[name] ?? globals[name];
    if (found !== undefined) return found;
    throw new TypeError(
      `sessionStoreContract found no ${name}() of a test runner; give { describe, it, beforeEach, afterEach } as its last argument.`,
    );
  };
  return {
    describe: pick('describe'),
    it: pick('it'),
    beforeEach: pick('beforeEach'),
    afterEach: pick('afterEach'),
  };
}
