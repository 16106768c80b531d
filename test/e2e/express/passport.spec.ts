import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { Client } from '../../support/client.js';
import { PEERS, type SessionFunction } from './support/peers.js';
import {
  as,
  dataOf,
  fakeStore,
  type FakeStore,
  idsOf,
  OPTIONS,
  type Visit,
} from './support/store-helpers.js';

const servers: Server[] = [];

const USER = { id: 7, name: 'ann' };

interface App {
  readonly store: FakeStore;
  readonly deserialized: unknown[];
  readonly client: () => Client;
}

/** An Express 5 application as the documentation of Passport has it. */
async function open(session: SessionFunction, keepSessionInfo = false): Promise<App> {
  const store = fakeStore(session);
  const deserialized: unknown[] = [];
  const authenticator = new passport.Passport();
  authenticator.use(
    new Strategy((name, password, done) =>
      done(null, name === 'ann' && password === 'secret' ? USER : false),
    ),
  );
  authenticator.serializeUser((user, done) => done(null, (user as typeof USER).id));
  authenticator.deserializeUser((id, done) => {
    deserialized.push(id);
    done(null, id === USER.id ? USER : false);
  });

  const app = express();
  app.use(express.json());
  app.use(as<(options: unknown) => express.RequestHandler>(session)({ ...OPTIONS, store }));
  app.use(as<express.RequestHandler>(authenticator.session()));
  app.post(
    '/login',
    as<express.RequestHandler>(authenticator.authenticate('local', { keepSessionInfo })),
    (req, res) => res.json(req.user),
  );
  app.post(
    '/login-redirect',
    as<express.RequestHandler>(
      authenticator.authenticate('local', { successRedirect: '/me', failureRedirect: '/login' }),
    ),
  );
  app.post('/logout', (req, res, next) => {
    req.logout({ keepSessionInfo }, (error) => (error ? next(error) : res.json({})));
  });
  app.get('/set', (req, res) => {
    as<Visit>(req).session.cart = ['apple'];
    res.json({});
  });
  app.get('/me', (req, res) => {
    const { sessionID, session: value } = as<Visit>(req);
    res.json({ id: sessionID, user: req.user ?? null, in: req.isAuthenticated(), data: dataOf(value) });
  });
  const failed: express.ErrorRequestHandler = (error: Error, _req, res, _next) =>
    void res.status(500).send(error.message);
  app.use(failed);

  const server = createServer(as<() => void>(app));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { store, deserialized, client: () => new Client(`http://127.0.0.1:${port}`) };
}

const CREDENTIALS = { username: 'ann', password: 'secret' };

describe.each(PEERS)('%s: Passport', (_, session) => {
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('logs in, and knows the user in the next request', async () => {
    const { client, deserialized } = await open(session);
    const visitor = client();
    expect((await visitor.post('/login', CREDENTIALS)).body).toEqual(USER);
    expect((await visitor.get('/me')).body).toMatchObject({
      user: USER,
      in: true,
      data: { passport: { user: 7 } },
    });
    expect(deserialized).toEqual([7]);
  });

  it('knows nobody without a login', async () => {
    const { client, store } = await open(session);
    const { body, setCookies } = await client().get('/me');
    expect(body).toMatchObject({ user: null, in: false, data: {} });
    expect([setCookies, store.rows.size]).toEqual([[], 0]);
  });

  it('lets nobody in with a wrong password', async () => {
    const { client, store } = await open(session);
    const visitor = client();
    expect((await visitor.post('/login', { username: 'ann', password: 'wrong' })).status).toBe(401);
    expect((await visitor.get('/me')).body).toMatchObject({ user: null });
    expect(store.rows.size).toBe(0);
  });

  it('changes the id at the login, and ends the old one', async () => {
    const { client, store } = await open(session);
    const visitor = client();
    await visitor.get('/set');
    const [before] = store.rows.keys();
    const { setCookies } = await visitor.post('/login', CREDENTIALS);
    const [after] = store.rows.keys();
    expect(idsOf(setCookies)).toEqual([after]);
    expect(after).not.toBe(before);
    expect(store.rows.size).toBe(1);
  });

  it.each([
    [false, { passport: { user: 7 } }],
    [true, { cart: ['apple'], passport: { user: 7 } }],
  ])('with keepSessionInfo: %s keeps at the login: %j', async (keepSessionInfo, data) => {
    const { client } = await open(session, keepSessionInfo);
    const visitor = client();
    await visitor.get('/set');
    await visitor.post('/login', CREDENTIALS);
    expect((await visitor.get('/me')).body.data).toEqual(data);
  });

  it('does not log in the one who has planted the cookie', async () => {
    const { client } = await open(session);
    const attacker = client();
    await attacker.get('/set');
    const victim = attacker.copy();
    await victim.post('/login', CREDENTIALS);
    expect((await victim.get('/me')).body).toMatchObject({ user: USER });
    expect((await attacker.get('/me')).body).toMatchObject({ user: null, data: {} });
  });

  it('logs out: nobody is known any more, under another id', async () => {
    const { client, store } = await open(session);
    const visitor = client();
    await visitor.post('/login', CREDENTIALS);
    const [before] = store.rows.keys();
    const { setCookies } = await visitor.post('/logout');
    const { body } = await visitor.get('/me');
    expect(body).toMatchObject({ user: null, in: false });
    expect(idsOf(setCookies)).toEqual([body.id]);
    expect(store.rows.has(before!)).toBe(false);
  });

  it('leaves a cookie that was copied before the logout worth nothing', async () => {
    const { client } = await open(session);
    const visitor = client();
    await visitor.post('/login', CREDENTIALS);
    const thief = visitor.copy();
    await visitor.post('/logout');
    expect((await thief.get('/me')).body).toMatchObject({ user: null, data: {} });
  });

  it.each([
    [false, {}],
    [true, { cart: ['apple'], passport: {} }],
  ])('with keepSessionInfo: %s keeps at the logout: %j', async (keepSessionInfo, data) => {
    const { client } = await open(session, keepSessionInfo);
    const visitor = client();
    await visitor.post('/login', CREDENTIALS);
    await visitor.get('/set');
    await visitor.post('/logout');
    expect((await visitor.get('/me')).body.data).toEqual(data);
  });

  it('has stored the login when the redirect arrives', async () => {
    const { client, store } = await open(session);
    const visitor = client();
    const { status, headers } = await visitor.post('/login-redirect', CREDENTIALS);
    expect([status, headers.get('location')]).toEqual([302, '/me']);
    expect(store.data).toEqual([{ passport: { user: 7 } }]);
    expect((await visitor.get('/me')).body).toMatchObject({ user: USER });
  });

  it('tells a login that cannot be stored', async () => {
    const { client, store } = await open(session);
    store.fail.set = new Error('the store is down');
    const answer = await client().post('/login', CREDENTIALS);
    expect([answer.status, answer.text]).toEqual([500, 'the store is down']);
  });

  it('ends the session of a user who does not exist any more', async () => {
    const { client, store } = await open(session);
    const visitor = client();
    await visitor.post('/login', CREDENTIALS);
    for (const [id, row] of store.rows) store.rows.set(id, row.replace('"user":7', '"user":8'));
    expect((await visitor.get('/me')).body).toMatchObject({ user: null, in: false });
    expect(store.data).toEqual([{ passport: {} }]);
  });
});
