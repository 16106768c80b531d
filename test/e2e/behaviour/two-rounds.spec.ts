import { describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { BACKENDS, openSite } from '../../support/site.js';

/** Why a secret, and a key, takes two rounds: one instance has the new one already, the other has not been replaced yet. */
describe.each<
  [what: string, old: string, fresh: string, settings: (list: string[]) => Partial<SessionModuleOptions>]
>([
  [
    'secret',
    'the old secret, of more than thirty-two bytes',
    'the new secret, of more than thirty-two bytes',
    (secret) => ({ secret }),
  ],
  ['key', '5a'.repeat(32), 'a5'.repeat(32), (keys) => ({ encryption: { keys } })],
])('a new %s', (_, old, fresh, settings) => {
  it.each([
    ['in one round: who signs in at the first instance is a stranger to the others', [old], {}],
    ['in two rounds: they know it before it is used', [old, fresh], { userId: 'ada' }],
  ])('%s', async (_name, others, seen) => {
    const backend = await BACKENDS.postgres();
    const first = await openSite(backend, settings([fresh, old]));
    const second = await openSite(backend, settings(others));
    try {
      const ada = first.client();
      await ada.post('/run/login', { userId: 'ada' });
      const there = second.client();
      there.headers.cookie = ada.cookieHeader;
      const { status, body } = await there.get('/run/read');
      expect([status, body]).toEqual([200, seen]);
    } finally {
      await Promise.all([first.close(), second.close()]);
      await backend.close();
    }
  });
});
