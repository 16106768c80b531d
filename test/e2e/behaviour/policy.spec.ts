import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import { DAY, MINUTE, SECOND } from '../../support/clock.js';
import { type AnySite, BACKENDS, type Backend, FRAMEWORKS, IN_COOKIES } from '../../support/site.js';

const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const].map((kind) => ({
    ...framework,
    kind,
    stage: `${kind}, ${framework.adapter}`,
  })),
);

describe.each(STAGES)('under a policy ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: FakeClock;
  let warnings: string[];

  beforeEach(async () => {
    warnings = [];
    const quiet = (): undefined => undefined;
    backend = await { ...BACKENDS, ...IN_COOKIES }[kind]();
    site = await openSite(backend, { policy: 'pci-dss', absoluteTimeout: '7d' }, (app) =>
      app.useLogger({ log: quiet, error: quiet, warn: (message: string) => void warnings.push(message) }),
    );
    clock = fakeClock(site.app);
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 3 * DAY));
  });
  afterEach(async () => {
    clock.reset();
    await site.close();
    await backend.close();
  });

  it('a session ends after 15 minutes without a use', async () => {
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    clock.advance(15 * MINUTE - SECOND);
    expect((await client.get('/run/read')).body).toEqual({ n: 1 });
    clock.advance(15 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
  });

  it('a longer life of its own has no effect, and one warning says so', async () => {
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    const { setCookies } = await client.get('/run/remember');
    expect(setCookies[0]).toMatch(/; Max-Age=900;/);
    const { createdAt, expiresAt } = (await client.get('/run/facts')).body as Record<string, string>;
    expect(Date.parse(expiresAt!) - Date.parse(createdAt!)).toBeLessThan(16 * MINUTE);
    clock.advance(15 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(warnings).toEqual([
      'A session has a cookie.maxAge that is longer than the 900000 ms of inactivity that the policy "pci-dss" (PCI DSS 4.0.1, 8.2.8) allows; the session still ends after 900000 ms. Set a shorter cookie.maxAge.',
    ]);
  });

  it('a life of its own that was stored without the policy is capped, too', async () => {
    await site.close();
    site = await openSite(backend, { absoluteTimeout: '7d' });
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 3 * DAY));
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    await client.get('/run/remember');
    await site.close();
    site = await openSite(backend, { policy: 'pci-dss' });
    clock = fakeClock(site.app);
    const again = site.client();
    for (const [name, value] of client.cookies) again.cookies.set(name, value);
    expect((await again.get('/run/read')).body).toEqual({ n: 1 });
    clock.advance(15 * MINUTE);
    expect((await again.get('/run/read')).body).toEqual({});
  });
});
