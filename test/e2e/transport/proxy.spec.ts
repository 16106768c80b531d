import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { selfSigned } from '../../faults/support/certificate.js';
import type { ServerSettings } from '../../support/adapters.js';
import { Client } from '../../support/client.js';
import { type HttpProxy, startHttpProxy } from '../../support/http-proxy.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS, siteOn } from '../../support/site.js';
import { fetchInsecurely } from '../../support/tls-fetch.js';

const VISITOR = '203.0.113.7';
const EDGE = '198.51.100.2';
const tls = selfSigned();

/** A visitor over TLS, a proxy that ends it, and an application that is asked over plain HTTP. */
describe.each(FRAMEWORKS)('behind a proxy that ends TLS ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let site: AnySite;
  let warnings: string[];
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    warnings = [];
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await backend.close();
  });

  async function start(trustProxy: ServerSettings['trustProxy'], options: Partial<SessionModuleOptions>) {
    const quiet = (): void => undefined;
    const opened = await siteOn(adapter, { trustProxy: trustProxy ?? false })(backend, options, (app) =>
      app.useLogger({ log: quiet, error: quiet, warn: (message: string) => void warnings.push(message) }),
    );
    closing.push(() => opened.close());
    site = opened;
  }

  function visitorOf(edge: HttpProxy): Client {
    closing.push(() => edge.close());
    return new Client(edge.base, fetchInsecurely);
  }

  /** A visitor of an application that stands behind one proxy. */
  async function open(
    trustProxy: ServerSettings['trustProxy'],
    options: Partial<SessionModuleOptions> = { cookie: { secure: true } },
  ): Promise<Client> {
    await start(trustProxy, options);
    return visitorOf(await startHttpProxy(site.base, { client: VISITOR, tls }));
  }

  /** A visitor of an application that stands behind two. */
  async function openFurther(trustProxy: ServerSettings['trustProxy']): Promise<Client> {
    await start(trustProxy, { cookie: { secure: true } });
    const inner = await startHttpProxy(site.base, { client: EDGE });
    closing.push(() => inner.close());
    return visitorOf(await startHttpProxy(inner.base, { client: VISITOR, tls }));
  }

  async function addressOf(client: Client): Promise<string | undefined> {
    expect((await client.post('/run/login', { userId: 'ann' })).status).toBeLessThan(300);
    return (await site.sessions.list('ann'))[0]?.ip;
  }

  const trusting: [string, ServerSettings['trustProxy']][] = [
    ['all proxies', true],
    ['those at its address', '127.0.0.1'],
    ['those of a list of networks', '10.0.0.0/8, loopback'],
    ['the nearest one', (_, hop) => hop < 1],
  ];
  it.each(trusting)(
    'an application that trusts %s sends the secure cookie and knows the visitor’s address',
    async (_, trustProxy) => {
      const client = await open(trustProxy);
      const { setCookies } = await client.post('/run/set', { a: 1 });
      expect(setCookies).toEqual([
        expect.stringMatching(/^__Host-sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      ]);
      expect((await client.get('/run/read')).body).toEqual({ a: 1 });
      expect(await addressOf(client)).toBe(VISITOR);
      expect(warnings).toEqual([]);
    },
  );

  const doubting: [string, ServerSettings['trustProxy']][] = [
    ['none', undefined],
    ['another one', '10.0.0.0/8'],
  ];
  it.each(doubting)(
    'one that trusts %s sends no secure cookie, stores nothing, and warns once',
    async (_, trustProxy) => {
      const client = await open(trustProxy);
      for (let visit = 0; visit < 3; visit++)
        expect(await client.post('/run/set', { a: 1 })).toMatchObject({ setCookies: [] });
      expect(await addressOf(client)).toBeUndefined();
      expect(site.spy.count()).toBe(0);
      expect(warnings).toEqual([expect.stringMatching(/plain HTTP.*trust/)]);
    },
  );

  it('"auto" follows what the trusted proxy says, and the connection where none is trusted', async () => {
    const secure = await open(true, { cookie: { secure: 'auto', sameSite: 'auto' } });
    expect((await secure.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; Secure; SameSite=None$/);
    const plain = await open(false, { cookie: { secure: 'auto', sameSite: 'auto' } });
    expect((await plain.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(await addressOf(plain)).toBe('127.0.0.1');
  });

  it('the option proxy: true believes the protocol by itself, the address stays the framework’s to say', async () => {
    const client = await open(false, { cookie: { secure: true }, proxy: true });
    expect((await client.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/^__Host-sid=.*; Secure/);
    expect(await addressOf(client)).toBe('127.0.0.1');
    expect(warnings).toEqual([]);
  });

  it('the option proxy: false believes nobody, whomever the framework trusts', async () => {
    const client = await open(true, { cookie: { secure: true }, proxy: false });
    expect((await client.post('/run/set', { a: 1 })).setCookies).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/plain HTTP/)]);
  });

  it('of two proxies as many are seen through as are trusted', async () => {
    const both = await openFurther((_, hop) => hop < 2);
    expect((await both.post('/run/set', { a: 1 })).setCookies[0]).toMatch(/; Secure/);
    expect(await addressOf(both)).toBe(VISITOR);
    await site.sessions.revokeEverything();
    expect(await addressOf(await openFurther((_, hop) => hop < 1))).toBe(EDGE);
  });

  it('what a visitor forges is not believed where the proxies that are there are trusted alone', async () => {
    const client = await open((_, hop) => hop < 1);
    client.headers['x-forwarded-for'] = '192.0.2.66';
    expect(await addressOf(client)).toBe(VISITOR);
  });

  it('a mere number of proxies is what Express counts by, while Fastify then believes nobody', async () => {
    const client = await open(1 as never);
    expect((await client.post('/run/set', { a: 1 })).setCookies).toHaveLength(adapter === 'express' ? 1 : 0);
  });

  it('nor is what somebody forges who goes past the proxy', async () => {
    const client = await open('10.0.0.1');
    const direct = site.client();
    Object.assign(direct.headers, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.66' });
    for (const visitor of [client, direct])
      expect((await visitor.post('/run/set', { a: 1 })).setCookies).toEqual([]);
  });
});
