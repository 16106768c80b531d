import { describe, expect, it, jest } from '@jest/globals';
import { MemorySessionStore } from '../../../lib/stores/memory/memory-session.store.js';
import type { SessionStore, StoreCapability } from '../../../lib/core/store/session-store.js';
import { capabilitiesContract } from '../../../lib/testing/contract/capabilities.contract.js';
import { contractTests, type SkippableTest } from '../../../lib/testing/contract/declarations.js';

/** What a runner does with a test. */
type Body = (this: unknown, ...args: unknown[]) => Promise<void>;

/** Declares one test for each capability, and one for all; returns what was declared. */
function declared(
  capabilities: readonly StoreCapability[] | undefined,
  given: { readonly store?: SessionStore; readonly canSkip?: boolean } = {},
): { run: Map<string, Body>; skipped: string[]; ran: string[] } {
  const { store = new MemorySessionStore(), canSkip = true } = given;
  const run = new Map<string, Body>();
  const [skipped, ran]: string[][] = [[], []];
  const it: SkippableTest = (name, body) => run.set(name, body);
  const skip = (name: string): unknown => skipped!.push(name);
  const tests = contractTests(canSkip ? Object.assign(it, { skip }) : it, () => store, capabilities);
  for (const [name, test] of Object.entries(tests) as [string, typeof tests.all][]) {
    test(name, () => Promise.resolve(void ran!.push(name)));
  }
  return { run, skipped: skipped!, ran: ran! };
}

async function runAll(run: Map<string, Body>, context?: unknown): Promise<void> {
  for (const body of run.values()) await body.call(undefined, context);
}

const plain: SessionStore = {
  read: () => Promise.resolve([]),
  create: () => Promise.resolve([]),
  update: () => Promise.resolve([]),
  delete: () => Promise.resolve([]),
};

describe('a test of a capability', () => {
  it('runs where the capability is expected', async () => {
    const { run, skipped, ran } = declared(['users', 'references', 'prune']);
    await runAll(run);
    expect([ran, skipped]).toEqual([['all', 'users', 'references', 'prunable'], []]);
  });

  it('runs where the capability is expected and the store does not declare it, so that it fails', async () => {
    const { run, ran } = declared(['users', 'references', 'prune'], { store: plain });
    await runAll(run);
    expect(ran).toEqual(['all', 'users', 'references', 'prunable']);
  });

  it('is declared as skipped where the capability is not expected', async () => {
    const { run, skipped, ran } = declared(['prune']);
    await runAll(run);
    expect([ran, skipped]).toEqual([
      ['all', 'prunable'],
      ['users', 'references'],
    ]);
  });

  it('does not run where the capability is not expected and the runner has no it.skip', async () => {
    const { run, ran } = declared([], { canSkip: false });
    const skip = jest.fn();
    await runAll(run, { skip });
    expect(ran).toEqual(['all']);
    expect(skip).toHaveBeenCalledTimes(3);
  });

  it('runs where the store declares the capability and nothing is expected', async () => {
    const { run, skipped, ran } = declared(undefined);
    await runAll(run);
    expect([ran, skipped]).toEqual([['all', 'users', 'references', 'prunable'], []]);
  });

  it.each([
    ['node:test and Vitest', (body: Body, skip: () => void) => body.call(undefined, { skip })],
    ['Mocha', (body: Body, skip: () => void) => body.call({ skip })],
  ])('is skipped as it runs in %s where the store does not declare it', async (_runner, call) => {
    const { run, ran } = declared(undefined, { store: plain });
    const skip = jest.fn();
    for (const body of run.values()) await call(body, skip);
    expect(ran).toEqual(['all']);
    expect(skip).toHaveBeenCalledTimes(3);
  });

  it('ends as the runner has it: Vitest and Mocha throw', async () => {
    const { run } = declared(undefined, { store: plain });
    const skip = (): never => {
      throw new Error('skipped');
    };
    await expect(run.get('users')!.call(undefined, { skip })).rejects.toThrow('skipped');
  });

  it('passes where the runner cannot skip it', async () => {
    const { run, ran } = declared(undefined, { store: plain });
    await runAll(run);
    for (const body of run.values()) await body.call({});
    expect(ran).toEqual(['all', 'all']);
  });

  it('takes no callback: Jest would wait for it', () => {
    for (const body of declared(undefined).run.values()) expect(body).toHaveLength(0);
  });
});

describe('the test of the capabilities', () => {
  const failures = async (
    store: SessionStore,
    expected: readonly StoreCapability[] | undefined,
  ): Promise<string[]> => {
    const failed: string[] = [];
    const bodies: [string, (store: SessionStore) => Promise<void>][] = [];
    capabilitiesContract((name, body) => void bodies.push([name, body]), expected);
    for (const [name, body] of bodies) {
      await Promise.resolve()
        .then(() => body(store))
        .catch(() => failed.push(name));
    }
    return failed;
  };
  const METHODS = 'has the methods of every capability that it declares';

  it('passes for a store that can do what is expected', async () => {
    expect(await failures(new MemorySessionStore(), ['prune', 'references', 'users'])).toEqual([]);
    expect(await failures(new MemorySessionStore(), undefined)).toEqual([]);
    expect(await failures(plain, [])).toEqual([]);
    expect(await failures(plain, undefined)).toEqual([]);
  });

  it('fails for a store that declares more, or less', async () => {
    expect(await failures(new MemorySessionStore(), ['users'])).toEqual(['declares the capabilities: users']);
    expect(await failures(new MemorySessionStore(), [])).toEqual(['declares the capabilities: none']);
    expect(await failures(plain, ['prune'])).toEqual(['declares the capabilities: prune']);
  });

  it('fails for a store that declares a capability and lacks a method', async () => {
    const users: SessionStore = { ...plain, capabilities: ['users'] };
    expect(await failures(users, ['users'])).toEqual([METHODS]);
    expect(await failures(users, undefined)).toEqual([METHODS]);
    const methods = { findByUser: () => [], count: () => 0, deleteByUser: () => [], deleteAll: () => 0 };
    expect(await failures({ ...users, ...methods }, undefined)).toEqual([METHODS]);
    const all = { ...users, ...methods, deleteOwned: () => [] };
    expect(await failures(all as SessionStore, undefined)).toEqual([]);
    for (const capability of ['prune', 'references'] as const)
      expect(await failures({ ...plain, capabilities: [capability] }, undefined)).toEqual([METHODS]);
  });
});
