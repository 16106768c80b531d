import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import {
  type AnyCookie,
  called,
  fakeDate,
  fakeStore,
  idsOf,
  parts,
  passTime,
  type Route,
  site,
} from './support/store-helpers.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const times = ({ maxAge, expires, originalMaxAge }: AnyCookie): unknown => ({
  maxAge,
  expires,
  originalMaxAge,
});
const read: Route = (req) => times(req.session.cookie);
const attributes = (setCookies: readonly string[]): string[] =>
  setCookies.map((line) => line.replace(/^[^;]*; /, ''));
const isNoEnd = (value: unknown): boolean => value === null || value === undefined || value === false;
const iso = (time: number): string => new Date(time).toISOString();

describe.each(PEERS)('%s: req.session.cookie', (_, session) => {
  beforeEach(() => fakeDate(NOW));
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  /** The first request of a visitor stores something and does this to the cookie; the second reads it. */
  async function afterSetting(
    change: (cookie: AnyCookie) => void,
    options: Record<string, unknown> = {},
    later = 0,
  ): Promise<{ setCookies: string[]; then: unknown }> {
    const { client } = await site(
      session,
      {
        '/set': (req) => {
          req.session.color = 'green';
          change(req.session.cookie);
          return 'ok';
        },
        '/read': (req) => ({
          color: req.session.color,
          cookie: req.session.cookie.data,
          times: read(req, null!),
        }),
      },
      options,
    );
    const visitor = client();
    const { setCookies } = await visitor.get('/set');
    for (const line of setCookies) visitor.cookies.set('connect.sid', line.slice(12).split(';')[0]!);
    passTime(later);
    return { setCookies: attributes(setCookies), then: (await visitor.get('/read')).body as unknown };
  }

  describe('with the options', () => {
    it('has no end without maxAge', async () => {
      const { client } = await site(session, { '/': read });
      expect((await client().get('/')).body).toEqual({ maxAge: null, expires: null, originalMaxAge: null });
    });

    it('ends after maxAge', async () => {
      const { client } = await site(session, { '/': read }, { cookie: { maxAge: MINUTE } });
      expect((await client().get('/')).body).toEqual({
        maxAge: MINUTE,
        expires: iso(NOW + MINUTE),
        originalMaxAge: MINUTE,
      });
    });

    it('ends at expires', async () => {
      const { client } = await site(session, { '/': read }, { cookie: { expires: new Date(NOW + MINUTE) } });
      expect((await client().get('/')).body).toEqual({
        maxAge: MINUTE,
        expires: iso(NOW + MINUTE),
        originalMaxAge: MINUTE,
      });
    });

    it('has the attributes of the options', async () => {
      const cookie = {
        path: '/',
        httpOnly: false,
        secure: false,
        sameSite: 'lax',
        domain: 'example.com',
        partitioned: false,
        priority: 'low',
      };
      const { client } = await site(session, { '/': (req) => req.session.cookie }, { cookie });
      expect((await client().get('/')).body).toEqual({ ...cookie, originalMaxAge: null, expires: null });
    });

    it('is one of each visitor: what is set on it changes no other', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.cookie.maxAge = SECOND;
            req.session.cookie.path = '/set';
            return 'ok';
          },
          '/read': (req) => ({ ...req.session.cookie.toJSON(), expires: undefined }),
        },
        { cookie: { maxAge: MINUTE } },
      );
      await client().get('/set');
      expect((await client().get('/read')).body).toEqual({
        originalMaxAge: MINUTE,
        path: '/',
        httpOnly: true,
      });
    });
  });

  describe('in later requests', () => {
    const options = { cookie: { maxAge: MINUTE } };

    it('tells the time that remains, and when', async () => {
      const { then } = await afterSetting(() => undefined, options, 20 * SECOND);
      expect(then).toMatchObject({
        color: 'green',
        times: { maxAge: 40 * SECOND, expires: iso(NOW + MINUTE), originalMaxAge: MINUTE },
      });
    });

    it('has expires as a Date', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/read': (req) => req.session.cookie.expires instanceof Date,
        },
        options,
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/read')).body).toBe(true);
    });

    it('starts anew at the end of each', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/read': read,
        },
        { ...options, store },
      );
      const visitor = client();
      await visitor.get('/set');
      for (let request = 1; request <= 3; request++) {
        passTime(50 * SECOND);
        expect((await visitor.get('/read')).body).toEqual({
          maxAge: 10 * SECOND,
          expires: iso(NOW + (request - 1) * 50 * SECOND + MINUTE),
          originalMaxAge: MINUTE,
        });
        const [row] = store.rows.values();
        const { cookie } = JSON.parse(row!) as { cookie: unknown };
        expect(cookie).toMatchObject({
          originalMaxAge: MINUTE,
          expires: iso(NOW + request * 50 * SECOND + MINUTE),
        });
      }
    });

    it('is not started anew by reload()', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/reload': async (req, res) => {
            await called((done) => req.session.reload(done));
            return read(req, res);
          },
        },
        options,
      );
      const visitor = client();
      await visitor.get('/set');
      passTime(20 * SECOND);
      expect((await visitor.get('/reload')).body).toEqual({
        maxAge: 40 * SECOND,
        expires: iso(NOW + MINUTE),
        originalMaxAge: MINUTE,
      });
    });

    it('is not there when the session has ended: there is a new one', async () => {
      const { then } = await afterSetting(() => undefined, options, MINUTE);
      expect(then).toEqual({
        cookie: { originalMaxAge: MINUTE, expires: iso(NOW + 2 * MINUTE), httpOnly: true, path: '/' },
        times: { maxAge: MINUTE, expires: iso(NOW + 2 * MINUTE), originalMaxAge: MINUTE },
      });
    });

    it('keeps what the options were when the session began', async () => {
      const store = fakeStore(session);
      const routes: Record<string, Route> = {
        '/': (req, res) => {
          req.session.color = 'green';
          return read(req, res);
        },
      };
      const early = await site(session, routes, { store, cookie: { maxAge: MINUTE } });
      const visitor = early.client();
      await visitor.get('/');
      const late = await site(session, routes, { store, cookie: { maxAge: 5 * MINUTE } });
      const again = late.client();
      again.headers.cookie = visitor.cookieHeader;
      expect((await again.get('/')).body).toMatchObject({ originalMaxAge: MINUTE });
    });
  });

  describe('set by the handler', () => {
    const options = { cookie: { maxAge: MINUTE } };

    it('maxAge is what the browser is told, and lasts', async () => {
      const { setCookies, then } = await afterSetting(
        (cookie) => (cookie.maxAge = 5 * MINUTE),
        options,
        2 * MINUTE,
      );
      expect(setCookies).toEqual(['Path=/; Expires=Tue, 01 Jan 2030 00:05:00 GMT; HttpOnly']);
      expect(then).toMatchObject({
        color: 'green',
        times: { maxAge: 3 * MINUTE, expires: iso(NOW + 5 * MINUTE), originalMaxAge: 5 * MINUTE },
      });
    });

    it('expires is what the browser is told, and its distance lasts', async () => {
      const { setCookies, then } = await afterSetting(
        (cookie) => (cookie.expires = new Date(NOW + 5 * MINUTE)),
        options,
        2 * MINUTE,
      );
      expect(setCookies).toEqual(['Path=/; Expires=Tue, 01 Jan 2030 00:05:00 GMT; HttpOnly']);
      expect(then).toMatchObject({
        color: 'green',
        times: { maxAge: 3 * MINUTE, originalMaxAge: 5 * MINUTE },
      });
    });

    it.each([
      ['expires', false],
      ['expires', null],
      ['maxAge', null],
      ['maxAge', false],
    ])('%s %p makes it a cookie of the browser session, and lasts', async (name, value) => {
      const { setCookies, then } = await afterSetting(
        (cookie) => (cookie[name] = value),
        options,
        9 * MINUTE,
      );
      expect(setCookies).toEqual(['Path=/; HttpOnly']);
      expect(then).toMatchObject({
        color: 'green',
      });
      expect(Object.values((then as { times: object }).times).every(isNoEnd)).toBe(true);
    });

    it.each([
      ['expires', new Date(NOW - MINUTE)],
      ['maxAge', -MINUTE],
    ])('%s in the past ends the session, and the browser is told so', async (name, value) => {
      const { setCookies, then } = await afterSetting((cookie) => (cookie[name] = value), options);
      expect(setCookies).toEqual(['Path=/; Expires=Mon, 31 Dec 2029 23:59:00 GMT; HttpOnly']);
      expect(then).not.toHaveProperty('color');
      expect(then).toMatchObject({ times: { maxAge: MINUTE } });
    });

    it('maxAge 0 ends the session at once', async () => {
      const { setCookies, then } = await afterSetting((cookie) => (cookie.maxAge = 0), options);
      expect(setCookies).toEqual(['Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; HttpOnly']);
      expect(then).not.toHaveProperty('color');
    });

    it('maxAge gives a session of no end one', async () => {
      const { setCookies, then } = await afterSetting((cookie) => (cookie.maxAge = MINUTE));
      expect(setCookies).toEqual(['Path=/; Expires=Tue, 01 Jan 2030 00:01:00 GMT; HttpOnly']);
      expect(then).toMatchObject({ times: { originalMaxAge: MINUTE } });
    });

    it.each([
      ['httpOnly', false, 'Path=/'],
      ['domain', 'example.com', 'Domain=example.com; Path=/; HttpOnly'],
      ['sameSite', 'strict', 'Path=/; HttpOnly; SameSite=Strict'],
      ['priority', 'high', 'Path=/; HttpOnly; Priority=High'],
      ['partitioned', true, 'Path=/; HttpOnly; Partitioned'],
      ['path', '/app', 'Path=/app; HttpOnly'],
    ])('%s is what the browser is told, and lasts', async (name, value, text) => {
      const { setCookies, then } = await afterSetting((cookie) => (cookie[name] = value));
      expect(setCookies).toEqual([text]);
      expect(then).toMatchObject({ color: 'green', cookie: { [name]: value } });
    });

    it('secure on a plain connection means no cookie', async () => {
      const { setCookies } = await afterSetting((cookie) => (cookie.secure = true));
      expect(setCookies).toEqual([]);
    });

    it('another maxAge alone, in a later request, lasts', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/longer': (req) => {
            req.session.cookie.maxAge = 5 * MINUTE;
            return 'ok';
          },
          '/read': read,
        },
        options,
      );
      const visitor = client();
      await visitor.get('/set');
      await visitor.get('/longer');
      passTime(2 * MINUTE);
      expect((await visitor.get('/read')).body).toMatchObject({
        maxAge: 3 * MINUTE,
        originalMaxAge: 5 * MINUTE,
      });
    });

    it('another maxAge beside a change of the data is sent in a later request too', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/longer': (req) => {
            req.session.color = 'red';
            req.session.cookie.maxAge = 5 * MINUTE;
            return 'ok';
          },
        },
        options,
      );
      const visitor = client();
      await visitor.get('/set');
      const { setCookies } = await visitor.get('/longer');
      expect(attributes(setCookies)).toEqual(['Path=/; Expires=Tue, 01 Jan 2030 00:05:00 GMT; HttpOnly']);
      expect(idsOf(setCookies)).toHaveLength(1);
    });

    it('maxAge of a wrong type throws where it is set', async () => {
      const { client } = await site(session, {
        '/': (req) => {
          expect(() => (req.session.cookie.maxAge = '1h')).toThrow(
            new TypeError('maxAge must be a number or Date'),
          );
          return 'ok';
        },
      });
      expect((await client().get('/')).body).toBe('ok');
    });

    it('a Cookie of one’s own in its place is what the browser is told', async () => {
      const { client } = await site(session, {
        '/': (req) => {
          req.session.color = 'green';
          req.session.cookie = new (parts(session).Cookie)({ maxAge: 5 * MINUTE, httpOnly: false });
          return 'ok';
        },
      });
      expect(attributes((await client().get('/')).setCookies)).toEqual([
        'Path=/; Expires=Tue, 01 Jan 2030 00:05:00 GMT',
      ]);
    });

    it('a value the header cannot hold is an error, not a broken header', async () => {
      const { client, errors } = await site(session, {
        '/': (req) => {
          req.session.color = 'green';
          req.session.cookie.sameSite = 'sometimes';
          return 'ok';
        },
      });
      expect((await client().get('/')).setCookies).toEqual([]);
      expect(String(errors[0])).toContain('option sameSite is invalid');
    });
  });

  it('is stored as express-session stores it', async () => {
    const store = fakeStore(session);
    const cookie = { maxAge: MINUTE, sameSite: 'lax', secure: 'auto' };
    const { client } = await site(
      session,
      {
        '/': (req) => {
          req.session.color = 'green';
          return 'ok';
        },
      },
      { store, cookie },
    );
    await client().get('/');
    expect([...store.rows.values()]).toEqual([
      `{"cookie":{"originalMaxAge":60000,"expires":"${iso(NOW + MINUTE)}","secure":false,"httpOnly":true,` +
        '"path":"/","sameSite":"lax"},"color":"green"}',
    ]);
  });
});
