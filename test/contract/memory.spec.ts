import { sessionStoreContract } from 'nest-session/testing';
import { MemorySessionStore } from '../../lib/stores/memory/memory-session.store.js';

sessionStoreContract('MemorySessionStore', () => ({ store: new MemorySessionStore() }), {
  capabilities: ['users', 'references', 'prune'],
});
