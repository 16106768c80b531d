import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import {
  type AnySession,
  type Backend,
  BACKENDS,
  deferred,
  type AnySite,
  STAGES,
} from '../../support/site.js';

/** DESIGN 4, 5.8, 5.9, 5.11, 7: the object an application works with. */
describe.each(STAGES)('the session object ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    site = await openSite(backend);
  });
  afterEach(() => site.close());

  async function visitor(data: Record<string, unknown> = { color: 'green' }) {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  it('brings back any JSON value as it was written', async () => {
    const data = {
      text: 'ünï☃\u0000\u2028',
      lone: '\ud800',
      number: -1.5e300,
      zero: 0,
      yes: true,
      none: null,
      list: [1, [2, { three: [] }], null],
      object: { a: { b: {} } },
      'a key with spaces.and $ign': 1,
      '': 'the empty key',
      '1': 'a numeric key',
      constructor: 'data',
      toString: 'data',
      hasOwnProperty: 'data',
    };
    site.handle('put', ({ session }) => void Object.assign(session, data));
    const client = site.client();
    await client.get('/run/put');
    expect((await client.get('/run/read')).body).toEqual(JSON.parse(JSON.stringify(data)));
  });

  it.each([
    ['a BigInt', () => ({ a: [1n] }), 'a BigInt'],
    [
      'a cycle',
      () => {
        const o: Record<string, unknown> = {};
        o.self = o;
        return o;
      },
      'a cycle',
    ],
    ['a function', () => () => 1, 'a function'],
    ['a Map', () => new Map([[1, 2]]), 'a Map'],
    ['NaN', () => ({ deep: NaN }), 'NaN'],
  ])('refuses %s with an error that names the key', async (_, make, what) => {
    const refused = deferred<Error>();
    site.handle('bad', async ({ session }) => {
      session.bad = make();
      await session.save().catch(refused.resolve);
    });
    const client = await visitor();
    expect((await client.get('/run/bad')).status).toBe(500);
    const error = await refused.promise;
    expect(error).toMatchObject({ code: 'SESSION_DATA_INVALID', statusCode: 500 });
    expect(error.message).toContain('"bad"');
    expect(error.message).toContain(what);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('refuses data beyond maxDataBytes with an error that names the size', async () => {
    const small = await openSite(backend, { maxDataBytes: 100 });
    const refused = deferred<Error>();
    small.handle('big', async ({ session }) => {
      session.big = 'é'.repeat(50);
      await session.save().catch(refused.resolve);
    });
    expect((await small.client().get('/run/big')).status).toBe(500);
    expect((await refused.promise).message).toMatch(/110 bytes, more than the 100 bytes/);
    await small.close();
  });

  it('keeps its methods whatever is stored or assigned, and never stores their names', async () => {
    const client = await visitor({ color: 'green' });
    site.handle('attack', ({ session }) => {
      Object.assign(
        session,
        JSON.parse('{"__proto__":{"isAdmin":true},"handle":"x","flash":[1],"save":1,"ok":1}'),
      );
      return {
        handle: session.handle,
        isAdmin: session.isAdmin ?? null,
        polluted: ({} as AnySession).isAdmin ?? null,
      };
    });
    expect((await client.get('/run/attack')).body).toEqual({ handle: 'x', isAdmin: null, polluted: null });
    site.handle('check', ({ session }) => ({
      keys: Object.keys(session),
      save: typeof session.save,
      isAdmin: session.isAdmin ?? null,
      proto: Object.getOwnPropertyDescriptor(session, '__proto__')?.value as unknown,
    }));
    expect((await client.get('/run/check')).body).toEqual({
      keys: ['color', '__proto__', 'ok'],
      save: 'function',
      isAdmin: null,
      proto: { isAdmin: true },
    });
  });

  it('a stored key never replaces a method', async () => {
    const client = await visitor();
    await site.spy.tamper(await handleOf(client), {
      data: '{"color":"red","save":"x","id":"y","__proto__":{"z":1}}',
    });
    site.handle('check', ({ session }) => ({
      id: session.id === 'y',
      save: typeof session.save,
      z: session.z ?? null,
      color: session.color,
    }));
    expect((await client.get('/run/check')).body).toEqual({
      id: false,
      save: 'function',
      z: null,
      color: 'red',
    });
    expect((await client.post('/run/set', { size: 1 })).status).toBe(200);
    expect((await client.get('/run/read')).body).toMatchObject({ color: 'red', size: 1 });
  });

  it.each(['not JSON', '{"cut":', '[]', '"text"', 'null', ''])(
    'a row that holds %j means a fresh session and an event',
    async (data) => {
      const client = await visitor();
      const handle = await handleOf(client);
      await site.spy.tamper(handle, { data });
      site.events.splice(0);
      expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {} });
      expect(site.events).toContainEqual(
        expect.objectContaining({ type: 'rejected', reason: 'corrupt', handle }),
      );
      await client.post('/run/set', { color: 'blue' });
      expect((await client.get('/run/read')).body).toEqual({ color: 'blue' });
    },
  );

  it('shows neither its id nor its insides when it is logged or sent', async () => {
    const client = await visitor();
    site.handle(
      'look',
      ({ session }) => inspect(session, { depth: 10, showHidden: true }) + JSON.stringify(session),
    );
    const { text } = await client.get('/run/look');
    expect(text).toContain('green');
    expect(text).not.toContain(client.sessionId);
  });

  it('the store never sees the id, and no event holds it, nor data', async () => {
    const client = await visitor({ secretThing: 'do not tell' });
    await client.post('/run/login', { userId: 'ann' });
    const first = client.sessionId!;
    await client.post('/run/rotate');
    await client.get('/run/read');
    const calls = JSON.stringify(site.spy.calls);
    expect(calls).toContain(await handleOf(client));
    for (const id of [first, client.sessionId!]) {
      expect(calls).not.toContain(id);
      expect(JSON.stringify(site.events)).not.toContain(id);
    }
    expect(JSON.stringify(site.events)).not.toContain('do not tell');
  });

  it('login: a new id, the old one dead at once, the user known, data kept', async () => {
    const client = await visitor({ cart: [1], junk: 1 });
    const old = client.copy();
    const before = Date.now();
    await client.post('/run/login', { userId: 'kim', keep: ['cart'] });
    const after = Date.now();
    expect(client.sessionId).not.toBe(old.sessionId);
    expect((await old.get('/run/read')).body).toEqual({});
    expect((await client.get('/run/read')).body).toEqual({ cart: [1], userId: 'kim' });
    const { body } = await client.get('/run/facts');
    const authenticatedAt = Date.parse(body.authenticatedAt as string);
    expect([before <= authenticatedAt, authenticatedAt <= after]).toEqual([true, true]);
    expect(await site.sessions.list('kim')).toHaveLength(1);
    await site.sessions.revokeAll('kim');
  });

  it('login is stored when its promise resolves: other sessions of the user can be ended right away', async () => {
    const first = await visitor();
    await first.post('/run/login', { userId: 'bob' });
    const second = await visitor();
    site.handle('only', async ({ session }) => {
      await session.login('bob');
      return site.sessions.revokeAll('bob', { except: session });
    });
    expect((await second.get('/run/only')).text).toBe('1');
    expect((await first.get('/run/read')).body).toEqual({});
    expect((await second.get('/run/read')).body).toMatchObject({ userId: 'bob' });
    await site.sessions.revokeAll('bob');
  });

  it('a login that the store refuses leaves the session as it was', async () => {
    const client = await visitor();
    site.handle('try', async ({ session }) => {
      site.spy.failure = { error: new Error('down'), methods: ['update'] };
      const code = await session.login('ann').then(
        () => 'none',
        (error: { code: string }) => error.code,
      );
      site.spy.failure = undefined;
      return { code, userId: session.userId ?? null, at: session.authenticatedAt ?? null };
    });
    const answer = await client.get('/run/try');
    expect(answer.body).toEqual({ code: 'SESSION_STORE_UNAVAILABLE', userId: null, at: null });
    expect(answer.setCookies).toEqual([]);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('login after logout in one request begins a session of its own', async () => {
    const client = await visitor({ color: 'green' });
    const old = client.copy();
    site.handle('switch', async ({ session }) => {
      await session.logout();
      await session.login('eve');
    });
    await client.get('/run/switch');
    expect((await client.get('/run/read')).body).toEqual({ userId: 'eve' });
    expect((await old.get('/run/read')).body).toEqual({});
    await site.sessions.revokeAll('eve');
  });

  it.each([undefined, '', NaN, {}, null])('login refuses %p as a user', async (userId) => {
    site.handle('login', ({ session }) => session.login(userId as string));
    const client = await visitor();
    expect((await client.get('/run/login')).status).toBe(500);
  });

  it('logout ends it on the server and expires the cookie; without a session it does nothing', async () => {
    const client = await visitor();
    const old = client.copy();
    const { setCookies } = await client.post('/run/logout');
    expect(setCookies).toEqual([
      expect.stringMatching(
        /^sid=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    expect((await old.get('/run/read')).body).toEqual({});
    site.spy.reset();
    expect((await site.client().post('/run/logout')).setCookies).toEqual([]);
    expect(site.spy.count()).toBe(0);
  });

  it('rotate: a new id, the old one dead at once, data kept', async () => {
    const client = await visitor();
    const old = client.copy();
    await client.post('/run/rotate');
    expect(client.sessionId).not.toBe(old.sessionId);
    expect((await old.get('/run/read')).body).toEqual({});
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('regenerate: a new, empty session on req.session; the old object stays readable', async () => {
    const client = await visitor();
    const old = client.copy();
    site.handle('renew', async ({ session, req }) => {
      await session.regenerate();
      const before = session.color;
      req.session.fresh = true;
      return { before, same: req.session === session, now: { ...req.session } };
    });
    expect((await client.get('/run/renew')).body).toEqual({
      before: 'green',
      same: false,
      now: { fresh: true },
    });
    expect((await client.get('/run/read')).body).toEqual({ fresh: true });
    expect((await old.get('/run/read')).body).toEqual({});
  });

  it('methods take callbacks as in express-session', async () => {
    site.handle(
      'callbacks',
      ({ session, req }) =>
        new Promise((resolve, reject) => {
          session.color = 'red';
          const same = session.save((saved) => {
            session.reload((reloaded) => {
              session.regenerate((regenerated) => {
                req.session.color = 'blue';
                req.session.destroy((destroyed) => {
                  resolve({
                    same: same === session,
                    errors: [saved, reloaded, regenerated, destroyed],
                    gone: req.session === undefined || req.session === null,
                  });
                });
              });
            });
          });
          setTimeout(reject, 30_000).unref();
        }),
    );
    expect((await (await visitor()).get('/run/callbacks')).body).toEqual({
      same: true,
      errors: [null, null, null, null],
      gone: true,
    });
  });

  it('save stores at once, reload drops what was not saved', async () => {
    const client = await visitor();
    site.handle('reload', async ({ session }) => {
      session.saved = 1;
      await session.save();
      session.lost = 1;
      session.color = 'red';
      await session.reload();
      return { ...session };
    });
    expect((await client.get('/run/reload')).body).toEqual({ color: 'green', saved: 1 });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', saved: 1 });
  });

  it('flash values are read once, in order, and are no data keys', async () => {
    site.handle('notify', ({ session, res }) => {
      session.flash('notice', 'one');
      session.flash('notice', { two: 2 });
      session.flash('other', 'kept');
      res.status(302).redirect('/run/show');
    });
    site.handle('show', ({ session }) => ({ keys: Object.keys(session), notice: session.flash('notice') }));
    const client = site.client();
    await client.get('/raw/notify');
    expect((await client.get('/run/show')).body).toEqual({ keys: [], notice: ['one', { two: 2 }] });
    expect((await client.get('/run/show')).body).toEqual({ keys: [], notice: [] });
    site.handle('show', ({ session }) => session.flash('other'));
    expect((await client.get('/run/show')).body).toEqual(['kept']);
  });

  it('flash values added by two requests at once are all kept', async () => {
    const client = await visitor();
    site.handle('add', ({ session, body }) => session.flash('notice', body.text));
    await Promise.all([1, 2, 3].map((text) => client.post('/run/add', { text })));
    site.handle('show', ({ session }) => session.flash('notice'));
    expect(((await client.get('/run/show')).body as number[]).sort()).toEqual([1, 2, 3]);
  });

  it('req.session = null leaves the stored session as it is, or ends it with unset: "destroy"', async () => {
    const client = await visitor();
    site.handle('unset', ({ session, req }) => {
      session.color = 'red';
      (req as { session: unknown }).session = null;
    });
    await client.get('/run/unset');
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    const destroying = await openSite(backend, { unset: 'destroy' });
    destroying.handle('unset', ({ req }) => void ((req as { session: unknown }).session = null));
    const other = destroying.client();
    other.headers.cookie = client.cookieHeader;
    await other.get('/run/unset');
    expect((await client.get('/run/read')).body).toEqual({});
    await destroying.close();
  });

  it('req.session cannot be replaced by a plain object without a word', async () => {
    site.handle('replace', ({ req }) => {
      try {
        (req as { session: unknown }).session = { color: 'red' };
        return 'taken';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect((await (await visitor()).get('/run/replace')).text).toBe('SESSION_USAGE');
  });

  it('a userId among the data is enough to find the session by its user, number or text', async () => {
    const client = await visitor({ userId: 4711 });
    expect(await site.sessions.list(4711)).toMatchObject([
      { handle: await handleOf(client), userId: '4711' },
    ]);
    expect(await site.sessions.list('4711')).toHaveLength(1);
    await client.post('/run/set', { userId: null });
    expect(await site.sessions.list(4711)).toEqual([]);
    await client.post('/run/set', { passport: { user: 'paul' } });
    expect(await site.sessions.count({ userId: 'paul' })).toBe(1);
    await site.sessions.revokeAll('paul');
  });

  it('maxSessionsPerUser ends the oldest', async () => {
    const capped = await openSite(backend, { maxSessionsPerUser: 2 });
    const clients = [];
    for (let i = 0; i < 3; i++) {
      const client = capped.client();
      await client.post('/run/login', { userId: 'max' });
      clients.push(client);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const alive = await Promise.all(
      clients.map(async (client) => (await client.get('/run/facts')).body.isNew === false),
    );
    expect(alive).toEqual([false, true, true]);
    await capped.sessions.revokeAll('max');
    await capped.close();
  });

  async function handleOf(client: {
    get(path: string): Promise<{ body: { handle: string } }>;
  }): Promise<string> {
    return (await client.get('/run/facts')).body.handle;
  }
});
