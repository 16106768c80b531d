import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Backend, BACKENDS, type AnySite, STAGES } from '../../support/site.js';
import { HOUR } from '../../support/clock.js';

/** What the drivers of databases need. */
const doNotFake = ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask'] as const;

const LATER = Date.parse('2040-01-01T00:00:00Z');

/** An application runs already when a test fakes the clock and the timers. */
describe.each(STAGES)('fake timers of Jest ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    site = await openSite(backend, { idleTimeout: '1d', cookie: { maxAge: '1h' }, rolling: true });
  });
  afterEach(() => void jest.useRealTimers());
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  it('hold up no request, and no call of a session', async () => {
    jest.useFakeTimers({ now: LATER, doNotFake: [...doNotFake] });
    const client = site.client();
    expect((await client.post('/run/set', { n: 1 })).status).toBe(200);
    expect((await client.post('/run/increment')).body).toEqual({ count: 1 });
    for (const call of ['login', 'rotate', 'regenerate'])
      expect((await client.post(`/run/${call}`, { userId: 'ann' })).status).toBe(200);
    await client.post('/run/login', { userId: 'ann' });
    expect(await site.sessions.list('ann')).toHaveLength(1);
    expect((await client.post('/run/logout')).status).toBe(200);
    expect(await site.sessions.list('ann')).toEqual([]);
  });

  it('decide when the cookie ends, and when the session does', async () => {
    jest.useFakeTimers({ now: LATER, doNotFake: [...doNotFake] });
    const client = site.client();
    const { setCookies } = await client.post('/run/set', { n: 1 });
    expect(setCookies).toEqual([expect.stringContaining('Expires=Sun, 01 Jan 2040 01:00:00 GMT')]);
    const facts = (await client.get('/run/facts')).body as { createdAt: string; expiresAt: string };
    expect(facts.createdAt).toBe('2040-01-01T00:00:00.000Z');
    expect(Date.parse(facts.expiresAt)).toBeGreaterThan(LATER);
    const copy = client.copy();
    jest.setSystemTime(Date.parse(facts.expiresAt) - 1);
    expect((await client.get('/run/read')).body).toEqual({ n: 1 });
    jest.setSystemTime(LATER + 40 * 24 * HOUR);
    expect((await copy.get('/run/read')).body).toEqual({});
  });
});
