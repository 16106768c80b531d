import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeClock } from '../../../lib/testing/index.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS } from '../../support/site.js';

const MINUTE = 60_000;

describe.each(FRAMEWORKS)('a response that takes long ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend, { idleTimeout: '1h', cookie: { maxAge: '1h' } });
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  it.each([true, false])(
    'prolongs its session where the application asks for it (%s), and not by itself',
    async (asks) => {
      const clock = fakeClock(site.app);
      site.handle('stream', async ({ session, takeOver }) => {
        const res = takeOver();
        res.write('first ');
        clock.advance(50 * MINUTE);
        if (asks) await session.touch().save();
        res.end('last');
      });
      const client = site.client();
      await client.post('/run/set', { cart: [1] });
      expect((await client.get('/raw/stream')).text).toBe('first last');
      clock.advance(20 * MINUTE);
      const next = await client.get('/run/read');
      expect(next.body).toEqual(asks ? { cart: [1] } : {});
      // The stream could not carry the renewed cookie: the next response does.
      expect(next.setCookies).toHaveLength(asks ? 1 : 0);
    },
  );
});
