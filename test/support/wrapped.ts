import { ExpressStoreAdapter, MemoryStore } from '../../lib/express/index.js';
import type { Backend } from './backends.js';

/** Stores of express-session, wrapped: under their ids, as express-session keeps them, and under their keys. */
export const WRAPPED: Record<'wrapped' | 'wrapped under keys', () => Promise<Backend>> = {
  wrapped: () => wrap('wrapped', false),
  'wrapped under keys': () => wrap('wrapped under keys', true),
};

function wrap(kind: string, hashIds: boolean): Promise<Backend> {
  const store = new ExpressStoreAdapter(new MemoryStore(), { hashIds });
  return Promise.resolve({ kind, store, close: () => Promise.resolve() });
}
