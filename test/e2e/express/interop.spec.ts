import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { EXPRESS_SESSION, NEST_SESSION, stopServers } from './support/peers.js';
import {
  attributes,
  call,
  databaseStore,
  DROP_IN,
  freeze,
  memoryStore,
  type Routes,
  type Row,
  site,
  type Store,
  tls,
} from './support/options-helpers.js';
import { runs } from '../../support/property.js';

describe('interop', () => {
  beforeEach(() => freeze('2030-01-01T00:00:00Z'));
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const LATER = new Date('2030-01-01T00:00:30Z');

  const DATA = {
    text: 'grün 火 "quoted"',
    number: 1.5,
    yes: true,
    nothing: null,
    list: [1, [2], { three: 3 }],
    deep: { er: { cookie: { path: '/not/a/cookie' } } },
    passport: { user: 'ann' },
  };

  const ROUTES: Routes = {
    begin: (req) => void Object.assign(req.session as object, DATA, { at: new Date() }),
    login: async (req) => {
      await call(req, 'regenerate');
      req.session.user = 'ann';
    },
    logout: (req) => call(req, 'destroy'),
    cookie: (req, res) => {
      const { maxAge, originalMaxAge, expires, path, httpOnly, sameSite } = req.session.cookie;
      res.end(JSON.stringify({ maxAge, originalMaxAge, expires, path, httpOnly, sameSite }));
    },
  };

  const DIRECTIONS = [
    { from: 'express-session', to: 'nest-session/express', writer: EXPRESS_SESSION, reader: NEST_SESSION },
    { from: 'nest-session/express', to: 'express-session', writer: NEST_SESSION, reader: EXPRESS_SESSION },
  ];

  describe.each(DIRECTIONS)('a session of $from in $to', ({ writer, reader }) => {
    /** Two applications over the same rows, and a visitor who has begun a session at the first. */
    async function moved(options: object = {}, ofReader: object = {}) {
      const rows = new Map<string, string>();
      const on = (session: typeof writer, own: object) =>
        site(session, { store: databaseStore(session, rows), ...options, ...own }, ROUTES, tls);
      const first = await on(writer, {});
      const second = await on(reader, ofReader);
      const before = first.client();
      const { body } = await before.get('/begin');
      const after = second.client();
      after.headers.cookie = before.cookieHeader;
      const id = body.id as string;
      return { before, after, id, rows, second, row: () => JSON.parse(rows.get(id) ?? 'null') as Row | null };
    }

    const PLAIN: [string, object][] = [
      ['without maxAge', {}],
      ['with maxAge', { cookie: { maxAge: 60_000, sameSite: 'lax' } }],
    ];

    describe.each(PLAIN)('%s', (_case, options) => {
      it('is read with its id and its data', async () => {
        const { after, id } = await moved(options);
        const { body } = await after.get('/');
        expect(body.id).toBe(id);
        expect(body.data).toMatchObject({ ...DATA, at: '2030-01-01T00:00:00.000Z' });
      });

      it('is not sent or stored anew for being read', async () => {
        const { after, second, row } = await moved(options);
        const before = row();
        expect((await after.get('/')).setCookies).toEqual([]);
        expect(second.calls).toEqual({ set: 0, touch: 1, destroy: 0 });
        expect(row()).toEqual(before);
      });

      it('is changed for both', async () => {
        const { before, after } = await moved(options);
        await after.get('/change');
        await before.get('/change');
        expect((await after.get('/')).body.data).toMatchObject({ ...DATA, n: 2 });
      });

      it('keeps its cookie in its row when it is changed', async () => {
        const { after, row } = await moved(options);
        const before = row();
        await after.get('/change');
        expect(row()).toEqual({ ...before, n: 1 });
      });

      it('has the cookie it had, seen from a handler', async () => {
        const { after, row } = await moved(options);
        const { originalMaxAge, expires, sameSite } = row()!.cookie;
        jest.setSystemTime(LATER);
        expect((await after.get('/cookie')).body).toEqual({
          maxAge: originalMaxAge === null ? null : 30_000,
          originalMaxAge,
          expires,
          sameSite,
          path: '/',
          httpOnly: true,
        });
      });

      it('keeps its cookie under other settings', async () => {
        const { before, after, row } = await moved(options, {
          cookie: { maxAge: 5_000, sameSite: 'strict', domain: 'example.com' },
        });
        const { cookie } = row()!;
        await after.get('/change');
        expect(row()!.cookie).toEqual(cookie);
        expect((await before.get('/')).body.data.n).toBe(1);
      });

      it('ends for both with a logout', async () => {
        const { before, after, rows } = await moved(options);
        await after.get('/logout');
        expect(rows.size).toBe(0);
        expect((await before.get('/')).body.data).not.toHaveProperty('text');
      });

      it('can be regenerated for both', async () => {
        const { before, after, rows } = await moved(options);
        before.headers.cookie = (await after.get('/login')).setCookies[0]!.split(';')[0]!;
        before.cookies.clear();
        expect(rows.size).toBe(1);
        expect((await before.get('/')).body.data).toMatchObject({ user: 'ann' });
      });
    });

    it('lives on from its last request', async () => {
      const { after, row } = await moved({ cookie: { maxAge: 60_000 } });
      jest.setSystemTime(LATER);
      await after.get('/');
      expect(row()!.cookie).toMatchObject({ expires: '2030-01-01T00:01:30.000Z', originalMaxAge: 60_000 });
    });

    it('is sent again with its own attributes', async () => {
      const { after } = await moved(
        { cookie: { maxAge: 60_000, sameSite: 'lax' } },
        { rolling: true, cookie: {} },
      );
      jest.setSystemTime(LATER);
      expect(attributes((await after.get('/')).setCookies[0])).toEqual([
        'Path=/',
        'Expires=Tue, 01 Jan 2030 00:01:30 GMT',
        'HttpOnly',
        'SameSite=Lax',
      ]);
    });

    it('is refused with another secret', async () => {
      const { after } = await moved({}, { secret: 'another' });
      expect((await after.get('/')).body.data).not.toHaveProperty('text');
    });

    it('is read under an older secret', async () => {
      const { after } = await moved({ secret: 'old' }, { secret: ['new', 'old'] });
      expect((await after.get('/')).body.data).toMatchObject(DATA);
    });

    it.each([
      ['express-session', EXPRESS_SESSION],
      ['nest-session/express', NEST_SESSION],
    ])('is read out of one MemoryStore of %s', async (_case, maker) => {
      const store = memoryStore(maker);
      const cookie = { maxAge: 60_000 };
      const second = await site(reader, { store, cookie });
      const first = await site(writer, { store, cookie });
      const visitor = await first.visitor();
      const later = second.client();
      later.headers.cookie = visitor.cookieHeader;
      expect((await later.get('/change')).body.data.n).toBe(2);
      expect((await visitor.get('/')).body.data.n).toBe(2);
      jest.setSystemTime(new Date('2030-01-01T00:01:01Z'));
      expect((await later.get('/')).body.data).not.toHaveProperty('n');
    });
  });

  describe('what both make of the same', () => {
    const OPTIONS: [string, object][] = [
      ['nothing', {}],
      ['maxAge', { cookie: { maxAge: 60_000 } }],
      ['expires', { cookie: { expires: new Date('2030-01-01T01:00:00Z') } }],
      ['maxAge of 200 years', { cookie: { maxAge: 200 * 365 * 24 * 3_600_000 } }],
      ['maxAge: 0', { cookie: { maxAge: 0 } }],
      ['maxAge as a Date', { cookie: { maxAge: new Date('2030-01-01T01:00:00Z') } }],
      ['expires after maxAge', { cookie: { maxAge: 60_000, expires: new Date('2030-01-01T01:00:00Z') } }],
      ['maxAge after expires', { cookie: { expires: new Date('2030-01-01T01:00:00Z'), maxAge: 60_000 } }],
      ['expires: null after maxAge', { cookie: { maxAge: 60_000, expires: null } }],
      ['maxAge: null after expires', { cookie: { expires: new Date('2030-01-01T01:00:00Z'), maxAge: null } }],
      ['rolling', { rolling: true, cookie: { maxAge: 60_000 } }],
      ['resave', { resave: true, cookie: { maxAge: 60_000 } }],
      ['a flag less', { cookie: { httpOnly: false, path: '/' } }],
      ['sameSite', { cookie: { sameSite: 'lax' } }],
      ['sameSite: true', { cookie: { sameSite: true } }],
      ['sameSite: false', { cookie: { sameSite: false } }],
      ['secure', { cookie: { secure: true } }],
      ['secure: false', { cookie: { secure: false } }],
      ['auto', { cookie: { secure: 'auto', sameSite: 'auto' } }],
      [
        'everything',
        {
          cookie: {
            domain: 'example.com',
            path: '/',
            maxAge: 60_000,
            httpOnly: true,
            secure: true,
            partitioned: true,
            priority: 'high',
            sameSite: 'none',
          },
        },
      ],
      ['what is no setting', { cookie: { other: 1 } }],
      ['a function', { cookie: () => ({ maxAge: 60_000 }) }],
    ];

    /** What a session function sends and stores for a new session, and for a change of it later on. */
    async function madeBy(session: typeof NEST_SESSION, options: object) {
      const rows = new Map<string, string>();
      const store = databaseStore(session, rows);
      const { client } = await site(session, { genid: () => 'my-id', store, ...options }, ROUTES, tls);
      const visitor = client();
      visitor.headers['x-tls'] = '1';
      const made: unknown[] = [];
      for (const path of ['/begin', '/', '/change']) {
        const { setCookies } = await visitor.get(path);
        made.push({ path, setCookies, row: JSON.parse(rows.get('my-id') ?? 'null') as Row | null });
        jest.setSystemTime(LATER);
      }
      jest.setSystemTime(new Date('2030-01-01T00:00:00Z'));
      return made;
    }

    it.each(OPTIONS)('the cookies and the rows are equal with %s', async (_case, options) => {
      const [theirs, ours] = [await madeBy(EXPRESS_SESSION, options), await madeBy(NEST_SESSION, options)];
      expect(ours).toEqual(theirs);
    });

    it.each(['set', 'touch'] as const)('the store is given equal arguments: %s', async (method) => {
      const given = async (session: typeof NEST_SESSION): Promise<unknown> => {
        const seen: unknown[] = [];
        const store = memoryStore(session);
        const { visitor } = await site(session, { genid: () => 'my-id', store, cookie: { maxAge: 60_000 } });
        const client = await visitor();
        const original = store[method]!.bind(store);
        store[method] = (id, data, callback): void => {
          seen.push([id, JSON.parse(JSON.stringify(data)), typeof callback]);
          original(id, data, callback);
        };
        await client.get(method === 'set' ? '/change' : '/');
        return seen;
      };
      const theirs = await given(EXPRESS_SESSION);
      expect(theirs).toEqual([['my-id', expect.objectContaining({ n: expect.any(Number) }), 'function']]);
      expect(await given(NEST_SESSION)).toEqual(theirs);
    });

    it.each(['set', 'touch'] as const)('stores find expires as a Date in the cookie: %s', async (method) => {
      for (const session of [EXPRESS_SESSION, NEST_SESSION]) {
        const store: Store = memoryStore(session);
        const { visitor } = await site(session, { store, cookie: { maxAge: 60_000 } });
        const client = await visitor();
        const original = store[method]!.bind(store);
        const seen: unknown[] = [];
        store[method] = (id, data, callback): void => {
          const { cookie } = data as Row;
          seen.push([cookie.expires, cookie.maxAge, cookie.originalMaxAge]);
          original(id, data, callback);
        };
        await client.get(method === 'set' ? '/change' : '/');
        expect(seen).toEqual([[new Date('2030-01-01T00:01:00Z'), 60_000, 60_000]]);
      }
    });
  });

  describe('any course of requests', () => {
    const steps: Routes = {
      ...ROUTES,
      less: (req) => void delete req.session.n,
      same: (req) => void (req.session.n = Number(req.session.n ?? 0) || undefined),
      nested: (req) => void (req.session.deep = { cookie: { n: Number(req.session.n ?? 0) } }),
      hour: (req) => void (req.session.cookie.maxAge = 3_600_000),
      brief: (req) => void (req.session.cookie.expires = null),
      strict: (req) => void (req.session.cookie.sameSite = 'strict'),
      save: async (req) => {
        req.session.saved = true;
        await call(req, 'save');
      },
      saveTwice: async (req) => {
        await call(req, 'save');
        req.session.n = 7;
        await call(req, 'save');
      },
      lateChange: async (req) => {
        await call(req, 'save');
        req.session.late = true;
      },
      reload: async (req) => {
        req.session.lost = true;
        await call(req, 'reload').catch(() => undefined);
      },
      reloadAndChange: async (req) => {
        await call(req, 'reload').catch(() => undefined);
        if (req.session) req.session.reloaded = true;
      },
      fresh: (req) => call(req, 'regenerate'),
      rotate: async (req) => {
        const { cookie: _cookie, ...data } = req.session;
        await call(req, 'regenerate');
        Object.assign(req.session as object, data);
      },
      rotateAndSave: async (req) => {
        await call(req, 'regenerate');
        await call(req, 'save');
      },
      rotateTwice: async (req) => {
        await call(req, 'regenerate');
        req.session.n = 3;
        await call(req, 'regenerate');
      },
      unset: (req) => void (req.session = null),
      forget: (req) => void delete req.session,
      endBlank: async (req) => {
        req.session.gone = true;
        await call(req, 'destroy');
      },
    };

    const options = fc.record({
      resave: fc.boolean(),
      saveUninitialized: fc.boolean(),
      rolling: fc.boolean(),
      unset: fc.constantFrom('keep', 'destroy'),
      maxAge: fc.constantFrom(null, 60_000),
    });
    const course = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom('', ...Object.keys(steps), 'change') },
        { weight: 1, arbitrary: fc.constantFrom('+20s', '+70s') },
      ),
      { minLength: 1, maxLength: 8 },
    );

    /** What a visitor sees who makes these requests, and what the store holds after each. */
    async function seen(session: typeof NEST_SESSION, own: object, walk: string[]) {
      freeze('2030-01-01T00:00:00Z');
      let made = 0;
      const { client, rows, calls } = await site(session, { genid: () => `id-${++made}`, ...own }, steps);
      const visitor = client();
      const told: unknown[] = [];
      for (const step of walk) {
        if (step.startsWith('+')) {
          jest.setSystemTime(Date.now() + 1000 * parseInt(step));
          continue;
        }
        const { status, text, setCookies } = await visitor.get(`/${step}`);
        // A change of the cookie alone is stored with either call; express-session saves a regenerated session twice.
        const sets = ['hour', 'brief', 'strict', 'rotateAndSave'].includes(step) ? undefined : calls.set;
        calls.set = 0;
        told.push({ step, status, text, setCookies, sets, rows: await rows() });
      }
      await stopServers();
      return told;
    }

    it('is answered and stored alike', async () => {
      await fc.assert(
        fc.asyncProperty(options, course, async ({ maxAge, ...rest }, walk) => {
          const own = { ...rest, cookie: { maxAge } };
          expect(await seen(NEST_SESSION, own, walk)).toEqual(await seen(EXPRESS_SESSION, own, walk));
        }),
        runs(200),
      );
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each<[string, unknown]>([
      ['an object without cookie', { n: 5 }],
      ['an object with cookie: null', { n: 5, cookie: null }],
      ['an object with a cookie that is text', { n: 5, cookie: 'text' }],
      ['an empty object', {}],
      ['text', 'text'],
      ['a number', 5],
      ['a list', [1, 2]],
      ['true', true],
    ])('a row that is %s gives a fresh session', async (_case, row) => {
      const { visitor, store } = await site(session);
      const client = await visitor();
      const { id } = (await client.get('/')).body;
      const original = store.get.bind(store);
      store.get = (asked, callback) =>
        asked === id ? void setImmediate(() => callback(null, row)) : original(asked, callback);
      const { status, body, setCookies } = await client.get('/change');
      expect({ status, n: body.data.n, cookies: setCookies.length }).toEqual({
        status: 200,
        n: 1,
        cookies: 1,
      });
      expect(body.id).not.toBe(id);
    });
  });
});
