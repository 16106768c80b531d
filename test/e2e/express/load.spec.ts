import { afterEach, describe, expect, it } from '@jest/globals';
import session from '../../../lib/express/index.js';
import { type Handler, type Req, serve, stopServers } from './support/peers.js';

describe('load', () => {
  afterEach(stopServers);

  type Row = session.StoredSession;

  type Done = (error?: Error | null) => void;
  type Callback = (error?: Error | null, row?: Row | null) => void;

  /** A store whose writes land at once and are acknowledged late, or land late: `set` says when. */
  class SlowStore extends session.Store {
    readonly rows = new Map<string, string>();
    touches = 0;

    constructor(
      private readonly landing: number,
      private readonly acknowledgement: number,
    ) {
      super();
    }

    get(id: string, callback: Callback): void {
      const row = this.rows.get(id);
      setTimeout(() => callback(null, row === undefined ? undefined : (JSON.parse(row) as Row)), 2);
    }

    set(id: string, row: object, callback?: Done): void {
      const text = JSON.stringify(row);
      setTimeout(() => this.rows.set(id, text), this.landing);
      setTimeout(() => callback?.(), this.acknowledgement);
    }

    destroy(id: string, callback?: Done): void {
      this.rows.delete(id);
      setTimeout(() => callback?.(), 2);
    }

    override touch(_id: string, _row: object, callback?: Done): void {
      this.touches++;
      setTimeout(() => callback?.(), 2);
    }
  }

  describe.each([
    ['acknowledges later than it writes', 0, 10],
    ['takes a while to write', 5, 5],
  ])('nest-session/express on a store that %s', (_, landing, acknowledgement) => {
    it.each([true, false])(
      'answers many parallel requests of one session, and loses no change (resave: %s)',
      async (resave) => {
        const store = new SlowStore(landing, acknowledgement);
        const handler: Handler = (req, res) => {
          const [, key = ''] = /^\/set\/(\w+)/.exec(req.url ?? '') ?? [];
          if (key !== '') req.session[key] = true;
          res.end(JSON.stringify(req.session));
        };
        const { client } = await serve(
          session,
          { secret: 'keyboard cat', resave, saveUninitialized: false, store },
          handler,
        );
        const visitor = client();
        await visitor.get('/set/first');
        const paths = [...Array(36).keys()].map((index) => (index % 3 === 0 ? `/set/key${index}` : '/'));
        const statuses: number[] = [];
        for (let round = 0; round < paths.length; round += 6) {
          const answers = await Promise.all(paths.slice(round, round + 6).map((path) => visitor.get(path)));
          statuses.push(...answers.map(({ status }) => status));
        }
        expect(new Set(statuses)).toEqual(new Set([200]));
        const held = Object.keys((await visitor.get('/')).body as object).filter((key) =>
          key.startsWith('key'),
        );
        expect(held).toHaveLength(12);
      },
    );
  });

  describe('nest-session/express', () => {
    it('touches a session once for requests that stand in line', async () => {
      const store = new SlowStore(0, 2);
      const { client } = await serve(
        session,
        { secret: 'x', resave: false, saveUninitialized: false, store },
        (req, res) => {
          if (req.url === '/set') req.session.color = 'green';
          res.end();
        },
      );
      const visitor = client();
      await visitor.get('/set');
      store.touches = 0;
      await Promise.all([...Array(20).keys()].map(() => visitor.get('/')));
      expect(store.touches).toBeLessThan(20);
    });

    it.each(['get', 'set'] as const)(
      'fails a request whose store never answers %s, after storeTimeout',
      async (name) => {
        const store = new SlowStore(0, 0);
        const options = { secret: 'x', resave: false, saveUninitialized: false, store, storeTimeout: 300 };
        const { client } = await serve(session, options, (req, res) => {
          req.session.count = (req.session.count ?? 0) + 1;
          res.end();
        });
        const visitor = client();
        await visitor.get('/');
        store[name] = () => undefined;
        const { status, text } = await visitor.get('/');
        expect([status, text]).toEqual([500, expect.stringContaining('within 300 ms')]);
      },
    );

    it.each([0, -1, NaN, Infinity, '5s'])('refuses %p for storeTimeout', (storeTimeout) => {
      const options = { secret: 'x', storeTimeout: storeTimeout as number };
      expect(() => session(options)).toThrow(
        new TypeError('storeTimeout option must be a number of milliseconds above zero'),
      );
    });

    it.each(['an empty object', 'an object with an end()'])(
      'takes %s for a response, as for a handshake',
      (kind) => {
        const middleware = session({ secret: 'x', resave: false, saveUninitialized: false });
        const req = { url: '/', headers: {}, socket: {} } as unknown as Req;
        let passed = false;
        const res = kind === 'an empty object' ? {} : { end: () => undefined };
        middleware(req, res as never, (error) => void (passed = error === undefined));
        expect(passed).toBe(true);
        expect(req.session.id).toBe(req.sessionID);
      },
    );

    it('brings nothing back that was ended while it was on its way to a slow store', async () => {
      const store = new SlowStore(40, 40);
      const { client } = await serve(
        session,
        { secret: 'x', resave: false, saveUninitialized: false, store },
        (req, res) => {
          if (req.url === '/end') return (req.session as session.Session).destroy(() => res.end());
          req.session.count = (req.session.count ?? 0) + 1;
          return res.end();
        },
      );
      const visitor = client();
      await visitor.get('/');
      await Promise.all([visitor.get('/'), visitor.get('/end')]);
      expect(store.rows.size).toBe(0);
    });

    it('hands a store what that store itself put on the session', async () => {
      const touched: unknown[] = [];
      class Throttling extends SlowStore {
        override get(id: string, callback: Callback): void {
          super.get(id, (error, row) =>
            callback(error, row && Object.assign(row, { lastModified: new Date() })),
          );
        }
        override touch(id: string, row: object, callback?: Done): void {
          touched.push((row as { lastModified: unknown }).lastModified);
          super.touch(id, row, callback);
        }
      }
      const store = new Throttling(0, 0);
      const { client } = await serve(
        session,
        { secret: 'x', resave: false, saveUninitialized: false, store },
        (req, res) => {
          if (req.url === '/set') req.session.color = 'green';
          res.end();
        },
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/')).status).toBe(200);
      expect(touched).toEqual([expect.any(Date)]);
    });
  });
});
