import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import { digestOf } from '../../lib/core/record/session-id.js';
import type { SessionChange, SessionRecord } from '../../lib/core/record/session-record.js';
import type { SessionStore, StoreOutcome } from '../../lib/core/store/session-store.js';
import { ExpressStoreAdapter } from '../../lib/stores/express/express-store.adapter.js';
import { FakeStore } from '../unit/stores/express/support.js';

/** What the contract asks for and a store for express-session cannot do. Should it be able to one day, its test fails here. */
const BEYOND = new Set([
  // There is no conditional write.
  'a key that is created by many calls at once is created once',
  'of many updates against one version exactly one wins',
  'calls that are about the same keys in opposite order do not stop each other',
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

const runner = {
  ...{ describe, beforeEach, afterEach },
  it: Object.assign(declare, { skip: it.skip }),
  capabilities: [],
};

/**
 * A store that keeps ids, as the contract sees it. A session is read and ended by its first id, whatever became of that,
 * and changed by the id that it had when it was read.
 */
class ByKey implements SessionStore {
  readonly sharesCalls = false;
  readonly #store: SessionStore;
  readonly #firstIds = new Map<string, string>();
  /** The id of a session when it had a version. */
  readonly #ids = new Map<string, string>();
  /** The token that stands for the contract, by the digest of the id. */
  readonly #tokens = new Map<string, string>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const records = await this.#store.read(keys.map((key) => this.#firstIdOf(key)));
    return records.map((record) => record && { ...record, token: this.#tokens.get(record.token)! });
  }

  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]> {
    return this.#store.create(
      records.map((record) => {
        const withId = this.#withId(record);
        if (!this.#firstIds.has(record.key)) this.#firstIds.set(record.key, withId.id);
        return { ...withId, id: this.#firstIdOf(record.key) };
      }),
    );
  }

  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]> {
    return this.#store.update(
      changes.map(({ key, version, next }) => {
        const id = this.#ids.get(`${key} ${version}`) ?? this.#firstIdOf(key);
        return { key: id, version, next: this.#withId(next) };
      }),
    );
  }

  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]> {
    return this.#store.delete(keys.map((key) => this.#firstIdOf(key)));
  }

  #firstIdOf(key: string): string {
    return this.#firstIds.get(key) ?? key;
  }

  #withId(record: SessionRecord): SessionRecord & { readonly id: string } {
    const id = `${record.key}~${record.token}`;
    this.#ids.set(`${record.key} ${record.version}`, id);
    this.#tokens.set(digestOf(id), record.token);
    return { ...record, id };
  }
}

describe('a store for express-session, under keys (hashIds: true)', () => {
  sessionStoreContract(
    'ExpressStoreAdapter',
    () => ({ store: new ExpressStoreAdapter(new FakeStore(), { hashIds: true }) }),
    runner,
  );
});

describe('a store for express-session, under ids (hashIds: false)', () => {
  sessionStoreContract(
    'ExpressStoreAdapter',
    () => ({ store: new ByKey(new ExpressStoreAdapter(new FakeStore())) }),
    runner,
  );
});

it('what is beyond it is what the contract has', () => {
  expect(beyond).toEqual(BEYOND);
});
