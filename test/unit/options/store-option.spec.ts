import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  MemorySessionStore,
  SESSION_STORE,
  SessionModule,
  type SessionModuleOptions,
} from '../../../lib/index.js';
import { SECRET } from './support.js';

async function storeOf(store: unknown): Promise<unknown> {
  const options = { secret: SECRET, ...(store !== undefined && { store }) } as SessionModuleOptions;
  const module = await Test.createTestingModule({ imports: [SessionModule.forRoot(options)] }).compile();
  try {
    return module.get(SESSION_STORE);
  } finally {
    await module.close();
  }
}

const refused = (store: unknown): Promise<string> =>
  storeOf(store).then(
    () => 'nothing',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('store', () => {
  it('is in memory by default', async () => {
    expect(await storeOf(undefined)).toBeInstanceOf(MemorySessionStore);
  });

  it('may be a store, or a factory that makes one', async () => {
    const store = new MemorySessionStore();
    expect(await storeOf(store)).toBe(store);
    expect(await storeOf({ useFactory: () => store })).toBe(store);
    expect(await storeOf({ useFactory: () => Promise.resolve(store) })).toBe(store);
  });

  it.each([
    null,
    'memory',
    7,
    true,
    {},
    [],
    { read: () => [] },
    { useFactory: () => undefined },
    { useFactory: () => null },
  ])('%j is refused, and what is accepted is named', async (store) => {
    expect(await refused(store)).toMatch(
      /^SessionOptionsError: SessionModule option "store": .+ was given; accepted: a SessionStore /,
    );
  });

  it('never shows the password of a connection string', async () => {
    expect(await refused('redis://app:hunter2@cache.test:6379')).not.toContain('hunter2');
  });
});
