import { describe, expect, it } from '@jest/globals';
import {
  capabilitiesOf,
  isPrunable,
  knowsReferences,
  knowsUsers,
  type SessionStore,
  storeName,
} from '../../../../lib/core/store/session-store.js';

const answer = (): Promise<never[]> => Promise.resolve([]);
const plain: SessionStore = { read: answer, create: answer, update: answer, delete: answer };

describe('what a store can do', () => {
  it('is found out by its methods', () => {
    expect(knowsUsers(plain)).toBe(false);
    expect(isPrunable(plain)).toBe(false);
    expect(knowsReferences(plain)).toBe(false);
    expect(knowsReferences({ ...plain, findByReference: answer } as SessionStore)).toBe(true);
    expect(knowsUsers({ ...plain, findByUser: answer } as SessionStore)).toBe(true);
    expect(isPrunable({ ...plain, prune: () => Promise.resolve(0) } as SessionStore)).toBe(true);
  });

  it('is what it declares, where it declares anything', () => {
    const able = {
      ...plain,
      findByUser: answer,
      findByReference: answer,
      prune: answer,
    } as unknown as SessionStore;
    expect(capabilitiesOf(able)).toEqual(['users', 'references', 'prune']);
    const modest = { ...able, capabilities: ['prune'] } as SessionStore;
    expect([knowsUsers(modest), isPrunable(modest)]).toEqual([false, true]);
    expect(capabilitiesOf({ ...able, capabilities: [] })).toEqual([]);
  });
});

describe('the name of a store', () => {
  it('is that of its class', () => {
    class ShelfStore {
      read = answer;
      create = answer;
      update = answer;
      delete = answer;
    }
    expect(storeName(new ShelfStore())).toBe('ShelfStore');
  });

  it('is found for an object without a class, too', () => {
    expect(storeName(Object.assign(Object.create(null) as object, plain))).toBe('The session store');
  });
});
