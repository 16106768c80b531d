import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { selfSigned } from '../../faults/support/certificate.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS, siteOn } from '../../support/site.js';

const https = selfSigned();

/** A server that speaks TLS itself. */
describe.each(FRAMEWORKS)('over HTTPS ($adapter)', ({ adapter }) => {
  const openSite = siteOn(adapter, { https });
  let backend: Backend;
  let site: AnySite;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  it('secure: true sends __Host-sid, and a session lives under it from visit to logout', async () => {
    site = await openSite(backend, { cookie: { secure: true } });
    const client = site.client();
    expect((await client.post('/run/set', { color: 'green' })).setCookies).toEqual([
      expect.stringMatching(/^__Host-sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    const before = client.copy();
    expect((await client.post('/run/login', { userId: 'ann' })).setCookies).toEqual([
      expect.stringMatching(/^__Host-sid=s%3A[^;]+;.*; Secure/),
    ]);
    expect(client.sessionId).not.toBe(before.sessionId);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', userId: 'ann' });
    expect((await before.get('/run/read')).body).toEqual({});
    expect((await client.post('/run/logout')).setCookies).toEqual([
      expect.stringMatching(/^__Host-sid=; Max-Age=0; Path=\/; Expires=.*; HttpOnly; Secure/),
    ]);
    expect(client.cookies.size).toBe(0);
  });

  it('"auto" is secure, and what somebody says of proxies changes nothing', async () => {
    site = await openSite(backend, { cookie: { secure: 'auto', sameSite: 'auto' } });
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'http';
    expect((await client.post('/run/set', { a: 1 })).setCookies).toEqual([
      expect.stringMatching(/^sid=.*; Secure; SameSite=None$/),
    ]);
  });

  it('keeps the rule: what cannot be stored is a 503', async () => {
    site = await openSite(backend, { cookie: { secure: true } });
    site.spy.failure = { error: new Error('down'), methods: ['create'] };
    expect(await site.client().post('/run/set', { a: 1 })).toMatchObject({ status: 503, setCookies: [] });
  });
});
