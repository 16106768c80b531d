import { describe, afterEach, beforeEach, expect, test } from '@jest/globals';
import express, { type Request, type Response } from 'express';
import session from '../../../lib/express/index.js';
import { SESSION_MIDDLEWARE, type SessionMiddleware } from '../../../lib/index.js';
import { type Backend, BACKENDS, openSite, type Site } from '../../support/site.js';

type Visited = Request & { session: Record<string, unknown> };

/** Express alone: Fastify mounts no applications. */

let backend: Backend;
let site: Site;

describe('mounted', () => {
  beforeEach(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  /** Each change is slow to store, so that a response that does not wait for it leaves before. */
  async function isSavedBeforeSent(path: string): Promise<void> {
    let stored = false;
    const create = backend.store.create.bind(backend.store);
    backend.store.create = async (records) => {
      await new Promise((resolve) => setImmediate(resolve));
      const outcomes = await create(records);
      stored = true;
      return outcomes;
    };
    const answer = await site.client().get(path);
    expect([answer.status, stored, answer.setCookies.length]).toEqual([200, true, 1]);
  }

  test('a mounted Express application, which has a prototype of its own for responses, answers after the save', async () => {
    const mounted = express();
    mounted.get('/here', (req, res) => {
      (req as Visited).session.here = true;
      res.send('here');
    });
    site = await openSite(backend, {}, (app) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      app.use('/mounted', mounted);
    });
    await isSavedBeforeSent('/mounted/here');
  });

  test('so does the application around it, which the request comes back to', async () => {
    const mounted = express();
    mounted.use((req, _res, next) => {
      (req as Visited).session.passed = true;
      next();
    });
    site = await openSite(backend, {}, (app) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      app.use(mounted);
    });
    site.handle('after', () => 'after');
    await isSavedBeforeSent('/plain/after');
  });

  test.each<[string, (outer: express.Express, inner: express.Express) => unknown]>([
    ['a router', (outer, inner) => outer.use(express.Router().use(inner))],
    ['a route', (outer, inner) => outer.all('/{*path}', inner)],
    [
      'a call',
      (outer, inner) => outer.use((req, res, next) => void (inner as express.Handler)(req, res, next)),
    ],
  ])('so does one that is reached through %s', async (_, mount) => {
    const inner = express();
    inner.get('/here', (req, res) => {
      (req as Visited).session.here = true;
      res.send('here');
    });
    const outer = express();
    mount(outer, inner);
    site = await openSite(backend, {}, (app) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      app.use('/mounted', outer);
    });
    await isSavedBeforeSent('/mounted/here');
  });

  test('a session that begins inside a mounted application is saved when the one around it answers', async () => {
    const outer = express();
    const inner = express();
    const store = new session.MemoryStore();
    inner.use(
      session({
        secret: 'a secret of more than thirty-two bytes',
        store,
        resave: false,
        saveUninitialized: false,
      }),
    );
    inner.use((req, _res, next) => {
      (req as Visited).session.passed = true;
      next();
    });
    outer.use(inner);
    outer.get('/after', (_req: Request, res: Response) => void res.send('after'));
    site = await openSite(backend, {}, (app) => void app.use(outer));
    const answer = await site.client().get('/after');
    expect([answer.text, answer.setCookies.length]).toEqual(['after', 1]);
  });
});
