import { expect } from '@jest/globals';
import { openBank } from '../../e2e/csrf/support/bank.js';
import type { Attacks } from '../support/scene.js';

/** What pages of other sites send in a visitor's name. */
export const crossSite: Attacks = {
  'ASVS 3.5.1: CsrfGuard refuses what another site sends in the visitor’s name': async ({
    backend,
    atEnd,
  }) => {
    const bank = await openBank(backend);
    atEnd(() => bank.close());
    const victim = bank.visitor();
    await victim.post('/login');
    const [token, foreign] = [await victim.token(), await bank.visitor().token()];
    const evil = 'https://evil.test';
    const attacks = [
      { headers: { 'sec-fetch-site': 'cross-site', origin: evil } },
      { headers: { 'sec-fetch-site': 'same-site', origin: 'https://blog.bank.test' } },
      { headers: { 'sec-fetch-site': 'cross-site', origin: evil }, form: { _csrf: token } },
      { headers: { 'sec-fetch-site': 'same-site' }, form: { _csrf: token } },
      { headers: { origin: evil } },
      { headers: { origin: 'null' } },
      { form: { _csrf: foreign } },
      {},
    ];
    for (const [index, sent] of attacks.entries())
      expect([index, (await victim.send('POST', '/transfer', sent)).status]).toEqual([index, 403]);
    expect(await victim.transfers()).toBe(0);
    for (const sent of [
      { headers: { 'sec-fetch-site': 'same-origin' } },
      { headers: { origin: victim.origin } },
      { form: { _csrf: token } },
    ])
      expect((await victim.send('POST', '/transfer', sent)).status).toBe(201);
    expect(await victim.transfers()).toBe(3);
  },
};
