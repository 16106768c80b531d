import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import cookies from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type MessageEvent,
  Redirect,
  Sse,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { from, type Observable } from 'rxjs';
import {
  Session,
  SESSION_MIDDLEWARE,
  type SessionMiddleware,
  type SessionModuleOptions,
} from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type AnySite, type Backend, BACKENDS, SECRET, siteOn } from '../../support/site.js';

type Visited = FastifyRequest & { session: AnySession };

@Controller('own')
class OwnController {
  @Get('redirect')
  @Redirect('/run/read', 303)
  redirect(@Session() session: AnySession): void {
    session.sent = 'on';
  }

  @Sse('events')
  events(@Session() session: AnySession): Observable<MessageEvent> {
    session.heard = true;
    return from([{ data: 'one' }, { data: 'two' }]);
  }
}

/** What is Fastify's alone: its hooks, plugins, replies and error handlers. */
describe('on Fastify', () => {
  let backend: Backend;
  let site: AnySite;
  const down = { error: new Error('store is down'), methods: ['create' as const] };
  const unavailable = { statusCode: 503, message: 'Service Unavailable' };

  beforeEach(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  async function open(
    setUp: (app: NestFastifyApplication) => unknown = () => undefined,
    options: Partial<SessionModuleOptions> = {},
  ): Promise<Client> {
    site = await siteOn('fastify')(backend, options, (app) => setUp(app as NestFastifyApplication), [
      OwnController,
    ]);
    return site.client();
  }

  it('request.session is the session, in hooks and handlers; null leaves it behind', async () => {
    const client = await open((app) => {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.addHook('preHandler', (request, _reply, done) => {
        if (request.url === '/run/hooked') (request as Visited).session.hooks = ['preHandler'];
        done();
      });
      fastify.addHook('onSend', (request, _reply, payload, done) => {
        if (request.url === '/run/hooked') ((request as Visited).session.hooks as string[]).push('onSend');
        done(null, payload);
      });
    });
    site.handle('hooked', ({ session, req }) => session === req.session);
    expect((await client.get('/run/hooked')).text).toBe('true');
    expect((await client.get('/run/read')).body).toEqual({ hooks: ['preHandler', 'onSend'] });
    site.handle('leave', ({ session, req }) => {
      session.color = 'green';
      (req as { session: unknown }).session = null;
      return req.session === null;
    });
    expect((await client.get('/run/leave')).text).toBe('true');
    expect((await client.get('/run/read')).body).not.toHaveProperty('color');
  });

  it('@Redirect() and @Sse() wait for the store', async () => {
    const client = await open();
    const redirect = await client.get('/own/redirect');
    expect([redirect.status, redirect.headers.get('location')]).toEqual([303, '/run/read']);
    expect((await client.get('/own/events')).text).toMatch(/data: one[^]*data: two/);
    expect((await client.get('/run/read')).body).toEqual({ sent: 'on', heard: true });
    site.spy.failure = down;
    for (const path of ['redirect', 'events'])
      expect(await site.client().get(`/own/${path}`)).toMatchObject({ status: 503, body: unavailable });
  });

  it('HEAD is answered with the head, its cookie and a stored session', async () => {
    const client = await open();
    site.handle('touch', ({ session }) => (session.seen = 'yes'));
    const answer = await client.request('HEAD', '/run/touch');
    expect(answer).toMatchObject({ status: 200, text: '', setCookies: [expect.stringMatching(/^sid=/)] });
    expect((await client.get('/run/read')).body).toEqual({ seen: 'yes' });
  });

  it('a preflight costs no session, and the error of a store has the headers that CORS needs', async () => {
    const client = await open((app) =>
      app.enableCors({ origin: ['https://shop.example'], credentials: true }),
    );
    client.headers.origin = 'https://shop.example';
    const preflight = site.client();
    Object.assign(preflight.headers, client.headers, { 'access-control-request-method': 'POST' });
    expect(await preflight.request('OPTIONS', '/run/set')).toMatchObject({ status: 204, setCookies: [] });
    expect(site.spy.count()).toBe(0);
    const good = await client.post('/run/set', { a: 1 });
    expect(good.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(good.headers.get('vary')).toMatch(/Origin.*Cookie/i);
    site.spy.failure = down;
    client.cookies.clear();
    const bad = await client.post('/run/set', { a: 1 });
    expect([bad.status, bad.headers.get('access-control-allow-origin')]).toEqual([
      503,
      'https://shop.example',
    ]);
    expect(bad.headers.get('vary')).toMatch(/Origin.*Cookie/i);
  });

  it('a page that is not there, and a body that cannot be read, keep what a middleware has changed', async () => {
    const client = await open((app) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      app.use((req: Visited, _res: unknown, next: () => void) => {
        req.session.visits = Number(req.session.visits ?? 0) + 1;
        next();
      });
    });
    const broken = (at: Client) => {
      at.headers['content-type'] = 'application/json';
      return at.request('POST', '/run/set', undefined);
    };
    expect(await client.get('/nowhere')).toMatchObject({ status: 404, setCookies: [expect.any(String)] });
    expect((await broken(client)).status).toBe(400);
    expect((await client.get('/run/read')).body).toEqual({ visits: 3 });
    site.spy.failure = down;
    expect((await site.client().get('/nowhere')).status).toBe(503);
    expect((await broken(site.client())).status).toBe(503);
  });

  it('what a middleware answers by itself waits, and is a 503 when the store fails', async () => {
    const client = await open((app) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      app.use('/early', (req: Visited, res: { end(text: string): void }) => {
        req.session.early = true;
        res.end('early');
      });
    });
    expect((await client.get('/early')).text).toBe('early');
    expect((await client.get('/run/read')).body).toEqual({ early: true });
    site.spy.failure = down;
    const lost = await site.client().get('/early');
    expect(lost).toMatchObject({ status: 503, body: unavailable, setCookies: [] });
    expect(lost.headers.get('retry-after')).toBe('1');
  });

  it('hooks and filters that are written for Fastify see the error of a store, whoever was answering', async () => {
    const seen: string[] = [];
    @Catch()
    class PlainFilter implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): void {
        const reply = host.switchToHttp().getResponse<FastifyReply>();
        const request = host.switchToHttp().getRequest<FastifyRequest>();
        void reply.status(503).type('text/plain').send(`${error.name} at ${request.url}`);
      }
    }
    await open((app) => {
      app.useGlobalFilters(new PlainFilter());
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('onError', (request, _reply, error, done) => {
          seen.push(`${error.name} ${request.url}`);
          done();
        });
    });
    site.handle('sent', ({ session, res }) => {
      session.a = 1;
      void res.header('content-language', 'de').send({ lost: true });
    });
    site.handle('hijacked', ({ session, takeOver }) => {
      session.a = 1;
      takeOver().end('lost');
    });
    site.spy.failure = down;
    for (const name of ['sent', 'hijacked']) {
      const answer = await site.client().get(`/raw/${name}`);
      expect(answer).toMatchObject({ status: 503, text: `SessionStoreError at /raw/${name}` });
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
      expect(answer.headers.get('content-language')).toBeNull();
    }
    expect(seen).toEqual(['SessionStoreError /raw/sent', 'SessionStoreError /raw/hijacked']);
  });

  it('a filter that takes its time answers, and not the handler that was done before', async () => {
    @Catch()
    class SlowFilter implements ExceptionFilter {
      async catch(error: Error, host: ArgumentsHost): Promise<void> {
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        void host.switchToHttp().getResponse<FastifyReply>().status(500).send(error.name);
      }
    }
    const client = await open((app) => void app.useGlobalFilters(new SlowFilter()));
    site.handle('bad', ({ session, res }) => {
      session.bad = 1n; // refused at once
      void res.send('lost');
    });
    for (const how of ['run', 'raw'])
      expect(await client.get(`/${how}/bad`)).toMatchObject({ status: 500, text: 'SessionDataError' });
  });

  it('@fastify/cookie beside it: both set theirs, and both read them', async () => {
    const client = await open((app) => app.register(cookies));
    site.handle('both', ({ session, req, res }) => {
      session.color = 'green';
      void (res as unknown as FastifyReply).setCookie('theme', 'dark');
      return { ...(req as unknown as FastifyRequest).cookies };
    });
    expect((await client.get('/run/both')).setCookies.map((line) => line.split('=')[0])).toEqual([
      'theme',
      'sid',
    ]);
    expect((await client.get('/run/both')).body).toMatchObject({ theme: 'dark' });
    site.spy.failure = down;
    const lost = await site.client().get('/run/both');
    expect(lost).toMatchObject({ status: 503, body: unavailable });
    expect(lost.setCookies.filter((line) => line.startsWith('sid'))).toEqual([]);
  });

  it.each(['a plugin', 'a plugin that was waited for, behind SESSION_MIDDLEWARE'])(
    'routes of %s have sessions',
    async (kind) => {
      const plugin = (fastify: FastifyInstance): Promise<void> => {
        fastify.post('/visit', async (request) => {
          const { session } = request as Visited;
          return Promise.resolve({ visits: (session.visits = Number(session.visits ?? 0) + 1) });
        });
        return Promise.resolve();
      };
      const client = await open(async (app) => {
        await app.getHttpAdapter().init?.(); // as NestFactory.create() does
        if (kind !== 'a plugin') app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
        const registered = app.register(plugin, { prefix: '/plugin' });
        if (kind !== 'a plugin') await registered;
      });
      expect((await client.post('/plugin/visit')).body).toEqual({ visits: 1 });
      expect((await client.post('/plugin/visit')).body).toEqual({ visits: 2 });
      site.spy.failure = down;
      expect((await site.client().post('/plugin/visit')).status).toBe(503);
    },
  );

  it('a new id reaches the client with an error beside the cookies of the lost reply, and nothing else of that', async () => {
    const client = await open((app) => app.register(cookies));
    site.handle('careless', async ({ session, res }) => {
      await session.login('ann');
      session.bad = 1n;
      void (res as unknown as FastifyReply)
        .setCookie('theme', 'dark')
        .headers({ 'x-kept': 'yes', etag: '"lost"', 'cache-control': 'public', 'content-type': 'text/html' })
        .send('lost');
    });
    const { status, setCookies, headers } = await client.get('/raw/careless');
    expect([status, setCookies.map((line) => line.split('=')[0])]).toEqual([500, ['theme', 'sid']]);
    const kept = ['x-kept', 'cache-control', 'etag', 'content-type'].map((name) => headers.get(name));
    expect(kept).toEqual(['yes', 'no-store', null, 'application/json; charset=utf-8']);
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ann' });
  });

  it('@fastify/session beside it keeps request.session; a parameter has this one', async () => {
    const client = await open(async (app) => {
      await app.getHttpAdapter().init?.();
      await app.register(cookies);
      await app.register(fastifySession, { secret: SECRET, cookie: { secure: false } });
    });
    site.handle('both', ({ session, req }) => {
      session.here = true;
      return { others: 'sessionId' in req.session, own: 'sessionId' in session };
    });
    expect((await client.get('/run/both')).body).toEqual({ others: true, own: false });
    expect((await client.get('/run/read')).body).toEqual({ here: true });
  });

  it('forRoutes: what is not among them has no session, and those that are wait for the store', async () => {
    const client = await open(undefined, { forRoutes: ['run/*name'] });
    site.handle('bare', ({ req }) => ({ session: req.session ?? null }));
    expect((await client.get('/plain/bare')).body).toEqual({ session: null });
    expect((await client.post('/run/set', { a: 1 })).setCookies).toHaveLength(1);
    site.spy.failure = down;
    expect(await site.client().post('/run/set', { a: 1 })).toMatchObject({ status: 503, body: unavailable });
  });
});
