import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import passport from 'passport';
import { DataSource } from 'typeorm';
import { Client, listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import './quick-passwords.js'; // before the sample is imported

const { AppModule } = await import('../../../sample/02-passport/app.module.js');

const SECRET = 'a secret of more than thirty-two bytes';
const ADA = { name: 'Ada', password: 'correct horse' };

let database: TestDatabase;
let app: INestApplication;
let base: string;
let ada: Client;

async function start(): Promise<void> {
  const settings = { databaseUrl: database.url, secret: SECRET };
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
  app = module.createNestApplication();
  base = await listen(app);
}

async function stop(): Promise<void> {
  await app.close();
  // A process has one Passport, which would ask the serializer of the application that is closed.
  Object.assign(passport, { _serializers: [], _deserializers: [] });
}

/** The same browser, at the address where the sample listens now. */
function moved(client: Client): Client {
  const copy = new Client(base);
  for (const [name, value] of client.cookies) copy.cookies.set(name, value);
  return copy;
}

const greeting = async (client: Client): Promise<unknown> => (await client.get('/')).body.greeting;
const rows = async () => (await app.get(DataSource).query<unknown[]>('SELECT 1 FROM nest_session')).length;

describe('passport', () => {
  beforeAll(async () => {
    database = await createDatabase();
  });
  beforeEach(async () => {
    await start();
    await app.get(DataSource).query('TRUNCATE nest_session, sample_user');
    ada = new Client(base);
  });
  afterEach(stop);
  afterAll(() => database.drop());

  describe('the walk of the README', () => {
    it('leads a visitor in, from device to device, and out', async () => {
      // A visitor gets a session when there is something to remember ...
      expect(await ada.get('/')).toMatchObject({ body: { greeting: 'Hello, stranger!' }, setCookies: [] });
      expect(await rows()).toBe(0);
      expect((await ada.post('/language', { language: 'de' })).status).toBe(204);
      expect(await greeting(ada)).toBe('Hallo, stranger!');

      // ... which they keep when they sign in, under another id.
      expect(await ada.post('/sign-up', ADA)).toMatchObject({ status: 201, body: { name: 'Ada' } });
      expect((await ada.get('/me')).status).toBe(401);
      const before = ada.copy();
      expect(await ada.post('/sign-in', ADA)).toMatchObject({ status: 200, body: { name: 'Ada' } });
      expect(ada.sessionId).not.toBe(before.sessionId);
      expect(await greeting(ada)).toBe('Hallo, Ada!');
      expect(await greeting(before)).toBe('Hello, stranger!');
      expect(await rows()).toBe(1);

      // A wrong password changes nothing.
      const wrong = await ada.post('/sign-in', { ...ADA, password: 'wrong' });
      expect(wrong).toMatchObject({
        status: 401,
        body: { message: 'Unauthorized', statusCode: 401 },
        setCookies: [],
      });
      expect((await ada.get('/me')).body).toEqual({ name: 'Ada', memberSince: expect.any(String) });

      // The sample starts anew.
      await stop();
      await start();
      ada = moved(ada);
      expect((await ada.get('/me')).body).toMatchObject({ name: 'Ada' });

      // On another device, and then not any more.
      const phone = new Client(base);
      await phone.post('/sign-in', ADA);
      expect(await greeting(phone)).toBe('Hello, Ada!');
      const sessions = (await ada.get('/sessions')).body as { current: boolean }[];
      expect(sessions.map(({ current }) => current)).toEqual([false, true]);
      expect((await ada.request('DELETE', '/sessions')).body).toEqual({ ended: 1 });
      expect(await phone.get('/me')).toMatchObject({
        status: 401,
        body: { message: 'Sign in first.', error: 'Unauthorized', statusCode: 401 },
      });

      const thief = ada.copy();
      expect((await ada.post('/sign-out')).status).toBe(204);
      for (const client of [ada, thief]) expect(await greeting(client)).toBe('Hello, stranger!');
      expect(await rows()).toBe(0);
    });
  });

  describe('the sample', () => {
    it('takes forms as well as JSON', async () => {
      const sent = (path: string) =>
        fetch(base + path, { method: 'POST', body: new URLSearchParams(ADA) }).then(({ status }) => status);
      expect(await sent('/sign-up')).toBe(201);
      expect(await sent('/sign-in')).toBe(200);
    });

    it.each([
      [{ name: 'Ada', password: 'short' }, 422],
      [{ name: ' ', password: 'correct horse' }, 422],
      [{ name: 'Ada'.repeat(20), password: 'correct horse' }, 422],
      [undefined, 422],
    ])('gives nobody an account with %j', async (body, status) => {
      expect((await ada.post('/sign-up', body)).status).toBe(status);
      expect(ada.cookies.size).toBe(0);
    });

    it('knows a name that is taken', async () => {
      await ada.post('/sign-up', ADA);
      expect((await ada.post('/sign-up', { ...ADA, name: 'ADA' })).status).toBe(409);
    });

    it.each([{ ...ADA, name: 'nobody' }, { name: 'Ada' }, {}, { name: { $ne: '' }, password: ['x'] }])(
      'lets nobody in with %j',
      async (body) => {
        await ada.post('/sign-up', ADA);
        expect((await ada.post('/sign-in', body)).status).toBe(401);
        expect(await rows()).toBe(0);
      },
    );

    it('has pages for users alone', async () => {
      await ada.post('/language', { language: 'fr' });
      expect((await ada.get('/me')).status).toBe(401);
      expect((await ada.get('/sessions')).status).toBe(401);
      expect((await ada.request('DELETE', '/sessions')).status).toBe(401);
      expect((await ada.post('/sign-out')).status).toBe(204);
    });

    it('speaks three languages', async () => {
      expect((await ada.post('/language', { language: '__proto__' })).status).toBe(400);
      expect((await ada.post('/language')).status).toBe(400);
      expect(ada.cookies.size).toBe(0);
    });

    it('keeps the id of a user in the session, and their password nowhere but in their account', async () => {
      await ada.post('/sign-up', ADA);
      const { text } = await ada.post('/sign-in', ADA);
      expect(text).toBe('{"name":"Ada"}');
      const [row] = await app
        .get(DataSource)
        .query<{ data: string; user_id: string; id: string }[]>(
          'SELECT s.data::text, s.user_id, u.id FROM nest_session s, sample_user u',
        );
      expect(JSON.parse(row!.data)).toEqual({ passport: { user: row!.id } });
      expect(row!.user_id).toBe(row!.id);
    });

    it('signs out one whose account is gone', async () => {
      await ada.post('/sign-up', ADA);
      await ada.post('/sign-in', ADA);
      await app.get(DataSource).query('DELETE FROM sample_user');
      expect((await ada.get('/me')).status).toBe(401);
      const found = await app
        .get(DataSource)
        .query<unknown[]>('SELECT 1 FROM nest_session WHERE user_id IS NOT NULL');
      expect(found).toEqual([]);
    });

    it('lets a user be signed in on five devices', async () => {
      await ada.post('/sign-up', ADA);
      const devices = Array.from({ length: 6 }, () => new Client(base));
      for (const device of devices) await device.post('/sign-in', ADA);
      const answers = await Promise.all(devices.map((device) => device.get('/me')));
      expect(answers.map(({ status }) => status)).toEqual([401, 200, 200, 200, 200, 200]);
    });
  });
});
