import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type Express } from 'express';
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { makeForExpress } from '../../../lib/http/express-classes.js';
import { SESSION_MIDDLEWARE, type SessionMiddleware } from '../../../lib/index.js';
import { rawRequest } from '../../support/raw-request.js';
import { type Backend, BACKENDS, openSite, type Site } from '../../support/site.js';

const UPGRADE = ['Connection: Upgrade', 'Upgrade: something'];

const prototypeOf = (object: object): unknown => Object.getPrototypeOf(object);

const upgradeOf = (req: object): unknown => (req as { upgrade?: unknown }).upgrade;

describe('a server of a Nest application on Express', () => {
  let backend: Backend;
  let site: Site;
  let server: Server;
  let instance: Express;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend, {}, (app: NestExpressApplication) => {
      app.use(app.get<SessionMiddleware>(SESSION_MIDDLEWARE));
      const mounted = express();
      mounted.get('/mounted', (req, res) => void res.json([req.app === mounted, 'session' in req]));
      app.use(mounted);
    });
    server = site.app.getHttpServer() as Server;
    instance = site.app.getHttpAdapter().getInstance() as Express;
    site.handle('read', ({ req }) => [
      req.get('host') !== undefined,
      req.session.visits ?? 0,
      upgradeOf(req),
    ]);
    site.handle('visit', ({ session }) => (session.visits = Number(session.visits ?? 0) + 1));
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  it('makes requests and responses with the prototypes that Express would give them', async () => {
    const before: unknown[] = [];
    const note = (message: unknown): void => {
      const { request, response } = message as { request: object; response: object };
      before.push(prototypeOf(request), prototypeOf(response));
    };
    subscribe('http.server.request.start', note); // before Express has seen it
    const client = site.client();
    await client.post('/run/visit');
    expect((await client.get('/run/read')).body).toEqual([true, 1, false]);
    unsubscribe('http.server.request.start', note);
    expect(before).toEqual([instance.request, instance.response, instance.request, instance.response]);
    expect(before.every((prototype, index) => prototype === before[index % 2])).toBe(true);
  });

  it('leaves them instances of what they are, with what is put on the prototypes before and after', async () => {
    Object.assign(prototypeOf(instance.request) as object, { early: 1 });
    Object.assign(instance.request, { late: 2 });
    site.handle('look', ({ req, res }) => {
      const { early, late } = req as unknown as Record<string, unknown>;
      const isOfNode = req instanceof IncomingMessage && res instanceof ServerResponse;
      return [early, late, isOfNode, req.constructor === IncomingMessage, res.constructor === ServerResponse];
    });
    expect((await site.client().get('/plain/look')).body).toEqual([1, 2, true, true, true]);
  });

  it('takes a request into a mounted application and back', async () => {
    const client = site.client();
    expect((await client.get('/mounted')).body).toEqual([true, true]);
    site.handle('back', ({ req }) => [req.app === instance, 'session' in req]);
    expect((await client.get('/plain/back')).body).toEqual([true, true]);
  });

  it('is mounted in another application with all its settings, and with what it has put on requests', async () => {
    instance.set('trust proxy', true);
    Object.assign(instance.request, { who: 'inner' });
    site.handle('settings', ({ req, res }) => [
      req.app === instance,
      res.app === instance,
      req.ip,
      (req as unknown as { who: string }).who,
    ]);
    const outer = createServer(express().use('/outer', instance)).listen(0, '127.0.0.1');
    await once(outer, 'listening');
    const { port } = outer.address() as AddressInfo;
    const answer = await rawRequest(`http://127.0.0.1:${port}`, '/outer/plain/settings', [
      'X-Forwarded-For: 192.0.2.1',
    ]);
    outer.close();
    expect(JSON.parse(answer.body)).toEqual([true, true, '192.0.2.1', 'inner']);
  });

  it.each(['on', 'prependListener'] as const)(
    'makes them as Node does once somebody else listens (%s): their path, say, is read-only on those of Express',
    async (add) => {
      const told: unknown[] = [];
      const client = site.client();
      await client.post('/run/visit');
      server.removeAllListeners('request');
      server[add]('request', (req: IncomingMessage & { path?: unknown }, res: ServerResponse) => {
        told.push(...[req, res].map((made) => prototypeOf(prototypeOf(made) as object)));
        req.path = 'own';
        told.push(req.path);
        Reflect.deleteProperty(req, 'path');
        (instance as RequestListener)(req, res);
      });
      expect((await client.get('/run/read')).body).toEqual([true, 1, false]);
      expect(told).toEqual([
        prototypeOf(IncomingMessage.prototype),
        prototypeOf(ServerResponse.prototype),
        'own',
      ]);
    },
  );

  it('gives whoever takes over a connection a request as Node makes it', async () => {
    const told: unknown[] = [];
    server.on('upgrade', (req: IncomingMessage & { query?: unknown }, socket: Socket) => {
      // On a request of Express 5 this would throw: there it has a getter alone.
      req.query = 'own';
      told.push(prototypeOf(req) === IncomingMessage.prototype, upgradeOf(req), req.query);
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    expect((await rawRequest(site.base, '/run/read', UPGRADE)).status).toBe(101);
    expect(told).toEqual([true, true, 'own']);
  });

  it('answers a request that asks for an upgrade where nobody takes it over', async () => {
    const answer = await rawRequest(site.base, '/run/read', UPGRADE);
    expect([answer.status, answer.body]).toEqual([200, '[true,0,false]']);
  });
});

describe('makeForExpress', () => {
  const classesOf = (server: object): unknown[] =>
    Object.getOwnPropertySymbols(server)
      .filter(({ description }) => ['IncomingMessage', 'ServerResponse'].includes(description!))
      .map((symbol) => (server as Record<symbol, unknown>)[symbol]);

  it('serves a server that speaks TLS as well', () => {
    const app = express();
    const server = createTlsServer(app);
    makeForExpress(server, app);
    expect(classesOf(server).map((made) => (made as typeof Object).prototype)).toEqual([
      app.request,
      app.response,
    ]);
  });

  it.each<[string, object]>([
    ['requests', { IncomingMessage: class extends IncomingMessage {} }],
    ['responses', { ServerResponse: class extends ServerResponse {} }],
  ])('leaves a server alone that was given a class of %s', async (_, given) => {
    const app = express().get('/', (req, res) => void res.json(req.get('host') !== undefined));
    const { request, response } = app;
    const server = createServer(given, app).listen(0, '127.0.0.1');
    const before = classesOf(server);
    makeForExpress(server, app);
    expect([app.request === request, app.response === response]).toEqual([true, true]);
    expect(classesOf(server)).toEqual(before);
    await once(server, 'listening');
    server.close();
  });

  it('leaves a server alone whose application has no prototypes for requests', () => {
    const app = (() => undefined) as unknown as Express;
    const server = createServer(app);
    const before = classesOf(server);
    makeForExpress(server, app);
    expect(classesOf(server)).toEqual(before);
  });

  it.each<[string, (app: Express) => object | undefined]>([
    ['is none', () => undefined],
    ['keeps its classes elsewhere', (app) => new EventEmitter().on('request', app)],
    ['somebody else listens to as well', (app) => createServer(app).on('request', () => undefined)],
    ['somebody else listens to', () => createServer(() => undefined)],
  ])('leaves a server alone that %s', (_, serverOf) => {
    const app = express();
    const { request, response } = app;
    const server = serverOf(app);
    const before = server && classesOf(server);
    makeForExpress(server as Server | undefined, app);
    expect([app.request === request, app.response === response]).toEqual([true, true]);
    expect(server && classesOf(server)).toEqual(before);
  });
});
