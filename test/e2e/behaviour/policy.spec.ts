import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { SessionModuleOptions, SessionPolicy } from '../../../lib/index.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../support/clock.js';
import { type AnySite, BACKENDS, type Backend, FRAMEWORKS, IN_COOKIES } from '../../support/site.js';
import { WRAPPED } from '../../support/wrapped.js';

const STAGES = FRAMEWORKS.flatMap((framework) =>
  [...framework.kinds, 'cookie' as const, 'wrapped' as const].map((kind) => ({
    ...framework,
    kind,
    stage: `${kind}, ${framework.adapter}`,
  })),
);

/** The longest life of a cookie under each policy, and its source. */
const LIMITS: [SessionPolicy, number, string][] = [
  ['nist-aal1', 30 * DAY, 'NIST SP 800-63B-4, 2.1.3'],
  ['nist-aal2', HOUR, 'NIST SP 800-63B-4, 2.2.3'],
  ['nist-aal3', 15 * MINUTE, 'NIST SP 800-63B-4, 2.3.3'],
  ['pci-dss', 15 * MINUTE, 'PCI DSS 4.0.1, 8.2.8'],
];

describe.each(STAGES)('under a policy ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: FakeClock;
  let warnings: string[];

  /** Opens a site in which a session can have a life of its own, of 40 days unless told otherwise. */
  async function open(options: Partial<SessionModuleOptions>): Promise<void> {
    warnings = [];
    const quiet = (): undefined => undefined;
    site = await openSite(backend, options, (app) =>
      app.useLogger({ log: quiet, error: quiet, warn: (message: string) => void warnings.push(message) }),
    );
    clock = fakeClock(site.app);
    site.handle(
      'remember',
      ({ session, body }) => void (session.cookie.maxAge = Number(body.life ?? 40 * DAY)),
    );
  }

  const pciDss = () => open({ policy: 'pci-dss', absoluteTimeout: '7d' });

  beforeEach(async () => {
    backend = await { ...BACKENDS, ...IN_COOKIES, ...WRAPPED }[kind]();
  });
  afterEach(async () => {
    clock.reset();
    await site.close();
    await backend.close();
  });

  it('a session ends after 15 minutes without a use', async () => {
    await pciDss();
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    clock.advance(15 * MINUTE - SECOND);
    expect((await client.get('/run/read')).body).toEqual({ n: 1 });
    clock.advance(15 * MINUTE);
    expect((await client.get('/run/read')).body).toEqual({});
  });

  it.each(LIMITS)(
    'a life of its own longer than %s allows has no effect, and one warning names the rule',
    async (policy, limit, source) => {
      await open({ policy });
      const client = site.client();
      await client.post('/run/set', { n: 1 });
      const { setCookies } = await client.get('/run/remember');
      const life = Number(/; Max-Age=(\d+);/.exec(setCookies[0]!)![1]) * SECOND;
      expect(life).toBeLessThanOrEqual(limit);
      expect(life).toBeGreaterThan(limit - MINUTE);
      const { createdAt, expiresAt } = (await client.get('/run/facts')).body as Record<string, string>;
      expect(Date.parse(expiresAt!) - Date.parse(createdAt!)).toBeLessThan(limit + MINUTE);
      clock.advance(limit);
      expect((await client.get('/run/read')).body).toEqual({});
      expect(warnings).toEqual([
        `A session has a cookie.maxAge that is longer than the ${limit} ms that the policy "${policy}" (${source}) allows; the session and its cookie still end at this limit. Set a shorter cookie.maxAge.`,
      ]);
    },
  );

  it.each(LIMITS)('so has one from a function of the request (%s)', async (policy, limit, source) => {
    await open({ policy, cookie: () => ({ maxAge: limit + DAY }) });
    const client = site.client();
    const { setCookies } = await client.post('/run/set', { n: 1 });
    expect(Number(/; Max-Age=(\d+);/.exec(setCookies[0]!)![1]) * SECOND).toBeLessThanOrEqual(limit);
    clock.advance(limit);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(warnings).toEqual([expect.stringContaining(`the policy "${policy}" (${source}) allows`)]);
  });

  it.each(LIMITS)('a life of its own that %s allows is no warning', async (policy, limit) => {
    await open({ policy });
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    await client.post('/run/remember', { life: limit });
    await client.get('/run/read');
    expect(warnings).toEqual([]);
  });

  it('a life of its own beyond a shorter "absoluteTimeout" is a warning about that option', async () => {
    await open({ policy: 'nist-aal1', absoluteTimeout: '1d' });
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    await client.post('/run/remember', { life: 2 * DAY });
    expect(warnings).toEqual([expect.stringContaining('raise "absoluteTimeout"')]);
  });

  it('a life of its own that was stored without the policy is capped, too', async () => {
    await open({ absoluteTimeout: '7d' });
    const client = site.client();
    await client.post('/run/set', { n: 1 });
    await client.post('/run/remember', { life: 3 * DAY });
    await site.close();
    await open({ policy: 'pci-dss' });
    const again = site.client();
    for (const [name, value] of client.cookies) again.cookies.set(name, value);
    expect((await again.get('/run/read')).body).toEqual({ n: 1 });
    expect(warnings).toEqual([expect.stringContaining('the policy "pci-dss" (PCI DSS 4.0.1, 8.2.8)')]);
    clock.advance(15 * MINUTE);
    expect((await again.get('/run/read')).body).toEqual({});
  });
});
