import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { type Backend, BACKENDS, FRAMEWORKS, type AnySite } from '../../support/site.js';

/** What requests get while the store is down, and in lazy mode while nobody asked for the session. */
describe.each(FRAMEWORKS)('a store that fails ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;
  const down = { error: new Error('ECONNREFUSED with a password in it') };

  beforeAll(async () => {
    backend = await BACKENDS.memory();
  });
  afterAll(() => backend.close());
  afterEach(() => site.close());

  async function open(options: Partial<SessionModuleOptions> = {}) {
    site = await openSite(backend, options);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    return client;
  }

  it('answers 503 with Retry-After where the session is needed, and nothing of the cause', async () => {
    const client = await open();
    site.spy.failure = down;
    const answer = await client.get('/run/read');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.text).not.toContain('password');
    site.spy.failure = undefined;
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('leaves visitors without a cookie alone', async () => {
    await open();
    site.spy.failure = down;
    expect((await site.client().get('/run/read')).status).toBe(200);
  });

  it('that does not answer is given up after storeTimeout', async () => {
    const client = await open({ storeTimeout: 1_000 });
    site.spy.gate = new Promise(() => undefined);
    const answer = await client.get('/run/read');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    site.spy.gate = undefined;
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('inside a handler that awaits update() is a 503 with Retry-After too', async () => {
    const client = await open();
    site.spy.failure = { ...down, methods: ['update'] };
    const answer = await client.post('/run/increment');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    site.spy.failure = undefined;
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('a 503 of the application’s own gets no Retry-After', async () => {
    const client = await open();
    site.handle('busy', ({ res }) => void res.status(503).send('busy'));
    expect((await client.get('/raw/busy')).headers.get('retry-after')).toBeNull();
  });

  it('with onStoreError "anonymous" requests go on without the session, which is never overwritten', async () => {
    const client = await open({ onStoreError: 'anonymous' });
    site.spy.failure = { ...down, methods: ['read'] };
    const answer = await client.get('/run/read');
    expect(answer).toMatchObject({ status: 200, body: {}, setCookies: [] });
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(await client.post('/run/set', { color: 'red' })).toMatchObject({ status: 200, setCookies: [] });
    expect((await client.post('/run/login', { userId: 'ann' })).status).toBe(503);
    expect((await client.post('/run/logout')).status).toBe(503);
    site.spy.failure = undefined;
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  describe('load: "lazy"', () => {
    it('is not asked by a route that uses no session, down or not', async () => {
      const client = await open({ load: 'lazy' });
      site.spy.reset();
      site.spy.failure = down;
      const answer = await client.get('/plain/nothing');
      expect(answer).toMatchObject({ status: 200, body: { nothing: true }, setCookies: [] });
      expect(answer.headers.get('vary')).toBeNull();
      expect(site.spy.count()).toBe(0);
      expect((await client.get('/run/read')).status).toBe(503);
    });

    it('a change that cannot be stored is a 503, and not half a 200', async () => {
      const client = await open({ load: 'lazy' });
      site.spy.failure = { ...down, methods: ['update'] };
      const answer = await client.post('/run/set', { color: 'red' });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      site.spy.failure = undefined;
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    });

    it('is asked when a parameter, a guard or SessionService.load() first does, once', async () => {
      const client = await open({ load: 'lazy' });
      site.spy.reset();
      site.handle('service', async ({ req }) => {
        const [one, two] = await Promise.all([site.sessions.load(req), site.sessions.load(req)]);
        return { same: one === two && one === req.session, ...one };
      });
      expect((await client.get('/plain/service')).body).toEqual({ same: true, color: 'green' });
      expect(site.spy.count('read')).toBe(1);
    });

    it('req.session before it is loaded is an error that says what to do', async () => {
      const client = await open({ load: 'lazy' });
      site.handle('early', ({ req }) => {
        try {
          return { ...req.session };
        } catch (error) {
          return { message: (error as Error).message };
        }
      });
      const { body } = await client.get('/plain/early');
      expect(body.message).toMatch(
        /before the session was loaded.*use @Session\(\), a SessionGuard or await SessionService\.load\(request\)/,
      );
    });
  });
});
