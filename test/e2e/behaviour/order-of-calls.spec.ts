import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AnySite, type Backend, BACKENDS, deferred, STAGES } from '../../support/site.js';

/** DESIGN 4, "Calls have one order": awaited or not, with callbacks or promises. */
describe.each(STAGES)('the calls of a request ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    site = await openSite(backend, { storeTimeout: '60s' }); // more than a test waits
  });
  afterEach(() => site.close());

  async function visitor(data: Record<string, unknown> = { cart: [1] }) {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  it.each(['a visitor without a session', 'a visitor with one'])(
    'save() and then login(), unawaited: %s is signed in under a new id, and the planted one is dead',
    async (who) => {
      site.handle('a1', async ({ session }) => {
        session.attempts = 1;
        void session.save();
        await session.login('alice');
        return { at: session.authenticatedAt };
      });
      const client = who === 'a visitor with one' ? await visitor() : site.client();
      const planted = client.copy();
      const answer = await client.get('/run/a1');
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.body.at).toBeTruthy();
      expect((await client.get('/run/facts')).body.authenticatedAt).toBeTruthy();
      expect((await client.get('/run/read')).body).toMatchObject({ attempts: 1, userId: 'alice' });
      expect((await planted.get('/run/read')).body).toEqual({});
    },
  );

  it('save() and login() at once, and save() before rotate(): the old id is dead, the new one works', async () => {
    site.handle('both', ({ session }) => Promise.all([session.save(), session.login('alice')]));
    site.handle('renew', ({ session }) => {
      session.n = 1;
      void session.save();
      return session.rotate();
    });
    for (const route of ['both', 'renew']) {
      const client = await visitor();
      const old = client.copy();
      await client.get(`/run/${route}`);
      expect(client.sessionId).not.toBe(old.sessionId);
      expect((await client.get('/run/read')).body).toMatchObject({ cart: [1] });
      expect((await old.get('/run/read')).body).toEqual({});
    }
  });

  it('save() or login(), unawaited, and then logout(): nothing lives', async () => {
    site.handle('saved', async ({ session }) => {
      session.n = 1;
      void session.save();
      await session.logout();
    });
    site.handle('joe', async ({ session }) => {
      void session.login('joe');
      await session.logout();
    });
    const before = await site.sessions.count();
    for (const route of ['saved', 'joe']) {
      const answer = await site.client().get(`/run/${route}`);
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toEqual([]);
    }
    expect(await site.sessions.count()).toBe(before);
    expect(await site.sessions.list('joe')).toEqual([]);
  });

  it.each(['logout', 'destroy'] as const)(
    '%s() after the answer, while it is being stored: nothing lives',
    async (end) => {
      const done = deferred();
      site.handle('answered', async ({ session, takeOver }) => {
        session.userId = 'late';
        takeOver().end('answered');
        await session[end]();
        done.resolve();
      });
      await site.client().get('/raw/answered');
      await done.promise;
      expect(await site.sessions.list('late')).toEqual([]);
    },
  );

  it('two rotate() at once: the cookie that is sent works', async () => {
    site.handle('twice', ({ session }) => Promise.all([session.rotate(), session.rotate()]));
    const client = await visitor();
    expect((await client.get('/run/twice')).setCookies).toHaveLength(1);
    expect((await client.get('/run/read')).body).toEqual({ cart: [1] });
  });

  it.each(['update', 'save', 'login', 'logout'])(
    'update() in which %s() is called, even after a pause, is an error at once and loses nothing',
    async (method) => {
      site.handle('nested', ({ session }) =>
        session.update(async (s) => {
          s.n = 1;
          await new Promise((resolve) => setImmediate(resolve));
          if (method === 'update') await session.update(() => undefined);
          else if (method === 'login') await session.login('eve');
          else await (session as unknown as Record<string, () => Promise<void>>)[method]!();
        }),
      );
      const client = await visitor();
      expect((await client.get('/run/nested')).status).toBe(500);
      expect((await client.get('/run/read')).body).toEqual({ cart: [1] });
    },
  );

  it('a call behind an update() that never ends fails after storeTimeout, and so does the response', async () => {
    await site.close();
    site = await openSite(backend, { storeTimeout: '1s' });
    site.handle('stuck', async ({ session }) => {
      void session.update(() => new Promise<void>(() => undefined));
      return { error: await session.save().catch((error: Error) => error.constructor.name) };
    });
    const client = await visitor();
    expect((await client.get('/run/stuck')).status).toBe(500);
    expect((await client.get('/run/read')).body).toEqual({ cart: [1] });
  });

  it('destroy() takes req.session away at the call', async () => {
    site.handle('gone', ({ req }) => {
      req.session.destroy(() => undefined);
      return { left: req.session === undefined };
    });
    const client = await visitor();
    expect((await client.get('/run/gone')).body).toEqual({ left: true });
    expect(client.cookies.size).toBe(0);
  });

  it('callbacks run when their call is over, and the response waits for what they call', async () => {
    site.handle('nested', ({ session, req }) => {
      session.n = 1;
      session.save(() =>
        session.regenerate(() => {
          req.session.fresh = true;
          req.session.save(() => (req.session.later = true));
        }),
      );
      return { ok: true };
    });
    const client = await visitor();
    const old = client.copy();
    expect((await client.get('/run/nested')).body).toEqual({ ok: true });
    expect((await client.get('/run/read')).body).toEqual({ fresh: true, later: true });
    expect((await old.get('/run/read')).body).toEqual({});
  });

  it.each(['throws', 'rejects'])('a callback that %s fails its request, and nothing else', async (how) => {
    site.handle('bad', ({ session }) => {
      session.save(() => {
        const error = new Error('of the application');
        if (how === 'throws') throw error;
        return Promise.reject(error) as never;
      });
      return { ok: true };
    });
    site.handle('silent', async ({ session }) => {
      session.save(() => {
        throw new Error('of the application');
      });
      await new Promise(() => undefined);
    });
    const client = await visitor();
    expect((await client.get('/run/bad')).status).toBe(500);
    if (how === 'throws') expect((await client.get('/run/silent')).status).toBe(500);
    expect((await client.get('/run/read')).body).toEqual({ cart: [1] });
  });

  it('after regenerate(), calls on the old object are a SessionUsageError', async () => {
    site.handle('old', async ({ session }) => {
      await session.regenerate();
      const errors = [session.save(), session.rotate(), session.login('x'), session.logout()];
      return Promise.all(errors.map((call) => call.catch((error: Error) => error.constructor.name)));
    });
    const client = await visitor();
    expect((await client.get('/run/old')).body).toEqual(Array<string>(4).fill('SessionUsageError'));
  });

  it('after regenerate(), flash() and touch() of the old object are a SessionUsageError, too', async () => {
    site.handle('old', async ({ session }) => {
      const failures: string[] = [];
      const attempt = (call: () => unknown): void => {
        try {
          call();
        } catch (error) {
          failures.push((error as Error).constructor.name);
        }
      };
      await session.regenerate();
      attempt(() => session.flash('notice', 'lost'));
      attempt(() => session.flash('notice'));
      attempt(() => session.touch());
      return failures;
    });
    const client = await visitor();
    expect((await client.get('/run/old')).body).toEqual(Array<string>(3).fill('SessionUsageError'));
  });

  it('flash values that are added after login({ keep }) stay, though it still waits for its turn', async () => {
    site.handle('welcome', async ({ session }) => {
      session.flash('notice', 'planted');
      void session.save();
      const login = session.login('ann', { keep: [] });
      session.flash('notice', 'Welcome');
      await login;
    });
    site.handle('notice', ({ session }) => session.flash('notice'));
    const client = await visitor();
    await client.get('/run/welcome');
    expect((await client.get('/run/notice')).body).toEqual(['Welcome']);
  });

  it('login() after logout() or destroy() starts a new session', async () => {
    for (const end of ['logout', 'destroy'] as const) {
      site.handle('again', async ({ session }) => {
        await session[end]();
        await session.login('bob');
      });
      const client = await visitor();
      const old = client.copy();
      expect((await client.get('/run/again')).setCookies).toHaveLength(1);
      expect((await client.get('/run/read')).body).toEqual({ userId: 'bob' });
      expect((await old.get('/run/read')).body).toEqual({});
    }
  });

  it.each(['login', 'logout', 'rotate', 'save'] as const)(
    '%s() that fails and that nobody waits for fails the response; one that is caught does not',
    async (method) => {
      const call = (session: { login(id: string): Promise<void> } & Record<typeof method, unknown>) =>
        method === 'login' ? session.login('ann') : (session[method] as () => Promise<void>)();
      site.handle('dropped', ({ session }) => {
        session.n = 2;
        void call(session);
        return { ok: true };
      });
      site.handle('caught', async ({ session }) => {
        await call(session as never).catch(() => undefined);
        return { ok: true };
      });
      const client = await visitor();
      const failure = { error: new Error('down'), methods: ['update', 'delete'], once: true } as const;
      site.spy.failure = failure;
      expect((await client.get('/run/dropped')).status).toBe(503);
      site.spy.failure = failure;
      expect((await client.get('/run/caught')).status).toBe(200);
      expect((await client.get('/run/read')).body).toMatchObject({ cart: [1] });
    },
  );
});
