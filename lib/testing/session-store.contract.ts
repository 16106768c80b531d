import type { SessionStore, StoreCapability } from '../core/store/session-store.js';
import { capabilitiesContract } from './contract/capabilities.contract.js';
import { concurrencyContract } from './contract/concurrency.contract.js';
import { contractTests, type SkippableTest } from './contract/declarations.js';
import { deleteContract } from './contract/delete.contract.js';
import { deleteOwnedContract } from './contract/delete-owned.contract.js';
import { endsContract } from './contract/ends.contract.js';
import { pruneContract } from './contract/prune.contract.js';
import { pruneRacesContract } from './contract/prune-races.contract.js';
import { readAndCreateContract } from './contract/read-create.contract.js';
import { referencesContract } from './contract/references.contract.js';
import { textContract } from './contract/text.contract.js';
import { updateContract } from './contract/update.contract.js';
import { usersContract } from './contract/users.contract.js';

/** The functions of a test runner that the contract suite needs. */
export interface ContractTestFunctions {
  readonly describe: (name: string, body: () => void) => unknown;
  /** If the runner has `it.skip`, tests of other capabilities are reported as skipped. */
  readonly it: SkippableTest;
  readonly beforeEach: (body: () => Promise<void>) => unknown;
  readonly afterEach: (body: () => Promise<void>) => unknown;
}

/** Options of {@link sessionStoreContract}. */
export interface SessionStoreContractOptions extends Partial<ContractTestFunctions> {
  /**
   * The expected capabilities of the store: `'users'`, `'references'`, `'prune'`, or `[]` for none. The suite fails unless
   * the store declares exactly these capabilities and has their methods. Tests of other capabilities are reported as
   * skipped.
   *
   * @defaultValue the capabilities that the store declares when a test runs. Tests of other capabilities are skipped if the
   * runner can skip a running test (node:test, Vitest, Mocha), and pass otherwise (Jest)
   */
  readonly capabilities?: readonly StoreCapability[];
}

/** A store under test. A new one is created for each test. */
export interface ContractSubject {
  /** The empty store. The suite calls its `start()` and `close()`. */
  readonly store: SessionStore;
  /** Called after the test. Close here what you opened for it. */
  close?(): Promise<void> | void;
}

/**
 * Declares the tests that every {@link SessionStore} must pass, in a `describe` block. Stores with `keepsIds`, which
 * receive ids instead of keys, are not covered.
 *
 * It works with any test runner. With Jest, and with Vitest and `globals`, it uses the runner's globals; otherwise pass
 * the runner's functions in `options`. Pass `capabilities`, so that a test fails if a capability is lost.
 *
 * @param name - The name of the store, for the title of the block.
 * @param makeStore - Creates an empty store; called before each test.
 * @param options - The expected capabilities, and the runner's functions if they are not global.
 * @throws TypeError if a function of the runner is neither global nor passed.
 *
 * @example
 * ```ts
 * // my-store.spec.ts, with Jest
 * import { sessionStoreContract } from 'nest-session/testing';
 *
 * sessionStoreContract(
 *   'MyStore',
 *   async () => {
 *     const client = await connect();
 *     await client.clear();
 *     return { store: new MyStore(client), close: () => client.end() };
 *   },
 *   { capabilities: ['users'] },
 * );
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
  options: SessionStoreContractOptions = {},
): void {
  const { describe, it, beforeEach, afterEach } = testFunctions(options);
  const { capabilities } = options;

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

    const tests = contractTests(it, () => subject!.store, capabilities);

    describe('capabilities', () => capabilitiesContract(tests.all, capabilities));
    describe('read and create', () => readAndCreateContract(tests.all));
    describe('update', () => updateContract(tests.all));
    describe('delete', () => deleteContract(tests.all));
    describe('text', () => textContract(tests.all));
    describe('many at once', () => concurrencyContract(tests.all));
    describe('a change and an end at once', () => endsContract(tests));
    describe('users, where it knows them', () => usersContract(tests.users));
    describe('delete of a user’s own, where it knows users', () => deleteOwnedContract(tests.users));
    describe('references, where it knows them', () => referencesContract(tests.references));
    describe('prune, where it can', () => pruneContract(tests.prunable));
    describe('a change and a pruning at once', () => pruneRacesContract(tests.prunable));
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
