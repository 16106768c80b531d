import type {
  PrunableSessionStore,
  ReferenceSessionStore,
  SessionStore,
  StoreCapability,
  UserSessionStore,
} from '../../core/store/session-store.js';
import { capabilitiesOf } from '../../core/store/session-store.js';

/** Declares a test of the contract. */
export type StoreTest<Store extends SessionStore> = (
  name: string,
  body: (store: Store) => Promise<void>,
) => void;

/** Declares a test for every store. */
export type ContractTest = StoreTest<SessionStore>;

/** Declares a test for stores with the capability 'users'. */
export type UsersTest = StoreTest<SessionStore & UserSessionStore>;

/** Declares a test for stores with the capability 'references'. */
export type ReferencesTest = StoreTest<SessionStore & ReferenceSessionStore>;

/** Declares a test for stores with the capability 'prune'. */
export type PrunableTest = StoreTest<SessionStore & PrunableSessionStore>;

/** Declares a test: a runner's `it()`. */
type DeclareTest = (name: string, body: () => Promise<void>) => unknown;

/** A runner's `it()`, with `it.skip()` if it exists. */
export type SkippableTest = DeclareTest & {
  /** Declares a test that is not run, so that the runner reports it as skipped. */
  readonly skip?: DeclareTest;
};

/** The functions that declare the tests of a store. */
export interface ContractTests {
  readonly all: ContractTest;
  readonly users: UsersTest;
  readonly references: ReferencesTest;
  readonly prunable: PrunableTest;
}

/**
 * The functions that declare the tests of a store.
 *
 * @param capabilities - The expected capabilities; undefined to use those that the store declares when a test runs.
 */
export function contractTests(
  it: SkippableTest,
  storeUnderTest: () => SessionStore,
  capabilities: readonly StoreCapability[] | undefined,
): ContractTests {
  const all: ContractTest = (name, body) => it(name, () => body(storeUnderTest()));

  function testOf<Store extends SessionStore>(capability: StoreCapability): StoreTest<Store> {
    return (name, body) => {
      if (capabilities?.includes(capability))
        return all(name, body as (store: SessionStore) => Promise<void>);
      if (capabilities !== undefined && it.skip !== undefined) return it.skip(name, () => Promise.resolve());
      return it(
        name,
        withContext(async (context) => {
          const store = storeUnderTest();
          if (capabilities === undefined && capabilitiesOf(store).includes(capability))
            return body(store as Store);
          (context as { skip?: () => void } | undefined)?.skip?.();
        }),
      );
    };
  }

  return { all, users: testOf('users'), references: testOf('references'), prunable: testOf('prune') };
}

/**
 * A test that receives its context, which is an argument in some runners and `this` in others. The function declares no
 * parameter, because Jest would then wait for a callback, and Vitest would look for fixtures.
 */
function withContext(body: (context: unknown) => Promise<void>): () => Promise<void> {
  return new Proxy(() => Promise.resolve(), {
    apply: (_target, self: unknown, [context = self]: unknown[]) => body(context),
  });
}
