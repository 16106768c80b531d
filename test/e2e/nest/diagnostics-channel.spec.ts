import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { channel, type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { Body, Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { sign } from 'cookie-signature';
import { DataSource } from 'typeorm';
import {
  MemorySessionStore,
  Session,
  type SessionEvent,
  SessionEvents,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
  SessionStoreError,
} from '../../../lib/index.js';
import { SESSION_RUNTIME } from '../../../lib/session.constants.js';
import type { SessionRuntime } from '../../../lib/session.runtime.js';
import { SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { type AdapterName, ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { arrivals } from '../../support/arrivals.js';
import { Client, listen } from '../../support/client.js';
import { DAY } from '../../support/clock.js';
import { createDatabase } from '../../support/database.js';
import { keyOf } from '../../support/ids.js';
import { findResource } from '../../support/resources/find.js';
import { deferred } from '../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';

const SECRET = 'a secret of more than thirty-two bytes';
const DATA = 'what nobody else may read';

type Type = SessionEvent['type'];
const TYPES: readonly Type[] = ['created', 'loaded', 'rotated', 'destroyed', 'rejected', 'storeError'];
const channelOf = (type: Type): string => `nest-session:${type}`;
const secretOf = (id: string): string => id.slice(id.indexOf('~') + 1);

/** Asks for nothing but sessions: nothing here injects `SessionEvents`. */
@Controller()
class DeskController {
  @Get('read')
  read(@Session() session: Session): object {
    return { ...session };
  }

  @Post('set')
  set(@Session() session: Session, @Body() body: object): void {
    Object.assign(session, body);
  }

  @Post('login')
  login(@Session() session: Session, @Body('userId') userId: string): Promise<void> {
    return session.login(userId);
  }

  @Post('logout')
  async logout(@Session() session: Session): Promise<void> {
    await session.logout();
  }
}

let adapter: AdapterName;
let store: MemorySessionStore;
let spy: StoreSpy;
let app: INestApplication;
let runtime: SessionRuntime;
let base: string;
let letGo: (() => void)[];

async function start(
  options: Partial<SessionModuleOptions> = {},
  setUp: (made: INestApplication) => void = () => undefined,
): Promise<void> {
  spy = spyOnStore(store);
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options })],
    controllers: [DeskController],
  }).compile();
  app = await ADAPTERS[adapter](module);
  app.useLogger(false);
  setUp(app);
  base = await listen(app);
  runtime = app.get(SESSION_RUNTIME);
}

/** The built package, for processes of their own: an uncaught error would end this one. */
await findResource('dist');

describe('diagnostics channel', () => {
  beforeEach(() => {
    store = new MemorySessionStore();
    letGo = [];
  });
  afterEach(async () => {
    for (const go of letGo) go();
    await app.close();
  });

  /** Subscribes as a tracing tool does, by name. */
  function subscribeTo(type: Type, listener: ChannelListener): () => void {
    subscribe(channelOf(type), listener);
    const go = (): void => void unsubscribe(channelOf(type), listener);
    letGo.push(go);
    return go;
  }

  /** What the channels say from now on. */
  function overhear(types: readonly Type[] = TYPES): { channel: string; message: unknown }[] {
    const heard: { channel: string; message: unknown }[] = [];
    for (const type of types) {
      subscribeTo(type, (message, name) => heard.push({ channel: String(name), message }));
    }
    return heard;
  }

  function withCookie(value: string | undefined): Client {
    const client = new Client(base);
    client.cookies.set('sid', encodeURIComponent(value!));
    return client;
  }

  /** Everything that can happen to a session, once; the secret ids that were in play. */
  async function course(): Promise<{
    first: string;
    second: string;
    late: string;
    bad: string;
    unknown: string;
  }> {
    const ann = new Client(base);
    await ann.post('/set', { text: DATA });
    const first = ann.sessionId!;
    await ann.post('/login', { userId: 'ann' });
    const second = ann.sessionId!;

    const unknown = 'x'.repeat(43);
    await withCookie(`s:${second}.wrong`).get('/read');
    await withCookie(second).get('/read');
    await withCookie(`s:${sign(unknown, SECRET)}`).get('/read');
    await withCookie(`s:${sign(first, SECRET)}`).get('/read');

    spy.failure = { error: new Error('down') };
    expect((await ann.get('/read')).status).toBe(503);
    spy.failure = undefined;
    await ann.post('/logout');

    const bob = new Client(base);
    await bob.post('/login', { userId: 'bob' });
    const bad = bob.sessionId!;
    await spy.tamper(keyOf(bad), { data: `{"text":"${DATA}` });
    await bob.get('/read');
    await app.get(SessionService).revoke(keyOf(bad));

    const eve = new Client(base);
    await eve.post('/set', { text: DATA });
    runtime.options.clock.advance(2 * DAY);
    await eve.get('/read');
    return { first, second, late: eve.sessionId!, bad, unknown };
  }

  describe.each(ADAPTER_NAMES)('the channels nest-session:* (%s)', (name) => {
    beforeEach(() => {
      adapter = name;
    });

    it('tell everything where nobody uses SessionEvents, with these fields and no others', async () => {
      await start();
      const heard = overhear();
      const ids = await course();
      const at = expect.any(Date);
      const [first, second, late, bad, unknown] = [ids.first, ids.second, ids.late, ids.bad, ids.unknown].map(
        keyOf,
      );
      expect(second).toBe(first);
      expect(heard.map(({ message }) => message)).toStrictEqual([
        { type: 'created', at, handle: first },
        { type: 'loaded', at, handle: first },
        { type: 'rotated', reason: 'login', at, handle: first, userId: 'ann' },
        { type: 'rejected', reason: 'signature', at },
        { type: 'rejected', reason: 'malformed', at },
        { type: 'rejected', reason: 'unknown', at, handle: unknown },
        { type: 'rejected', reason: 'superseded', at, handle: first, userId: 'ann' },
        { type: 'storeError', at, error: expect.any(SessionStoreError) },
        { type: 'loaded', at, handle: first, userId: 'ann' },
        { type: 'destroyed', reason: 'logout', at, handle: first, userId: 'ann' },
        { type: 'created', at, handle: bad, userId: 'bob' },
        { type: 'loaded', at, handle: bad, userId: 'bob' },
        { type: 'rejected', reason: 'corrupt', at, handle: bad, userId: 'bob' },
        { type: 'destroyed', reason: 'revoked', at, handle: bad, userId: 'bob' },
        { type: 'created', at, handle: late },
        { type: 'rejected', reason: 'expired', at, handle: late },
      ]);
    });

    it('carry the events of SessionEvents: the very same, in the same order, each on the channel of its type', async () => {
      await start();
      const events: SessionEvent[] = [];
      app.get(SessionEvents).all.subscribe((event) => events.push(event));
      const heard = overhear();
      await course();
      expect(new Set(events.map(({ type }) => type))).toEqual(new Set(TYPES));
      expect(heard.map((one) => one.channel)).toEqual(events.map(({ type }) => channelOf(type)));
      heard.forEach(({ message }, index) => expect(message).toBe(events[index]));
      expect(heard).toHaveLength(events.length);
    });

    it('hold no id, no secret and no session data, however deep one looks', async () => {
      await start();
      const heard = overhear();
      const ids = await course();
      const everything = heard.map((one) => inspect(one, { depth: Infinity, showHidden: true })).join('\n');
      expect(everything).toContain('SESSION_STORE_UNAVAILABLE');
      expect(everything).toContain(keyOf(ids.first));
      for (const secret of [...Object.values(ids).map(secretOf), SECRET, DATA])
        expect(everything).not.toContain(secret);
    });

    it('say no more than that of a row that PostgreSQL refuses', async () => {
      const database = await createDatabase();
      const dataSource = await new DataSource({
        type: 'postgres',
        url: database.url,
        entities: [SessionEntity],
        synchronize: true,
      }).initialize();
      await dataSource.query(
        `ALTER TABLE nest_session ADD CONSTRAINT refuse CHECK (position('${DATA}' in data::text) = 0)`,
      );
      await start({ store: new TypeOrmSessionStore(dataSource, { pruneInterval: false }) });
      const heard = overhear();
      const client = new Client(base);
      await client.post('/set', { text: 'harmless' });
      expect((await client.post('/set', { text: DATA })).status).toBe(503);
      expect((await new Client(base).post('/set', { text: DATA })).status).toBe(503);
      await app.close();
      await dataSource.destroy();
      await database.drop();

      const errors = heard.filter(({ channel: name }) => name === channelOf('storeError'));
      // The change, the new session, and its removal, as it may be stored all the same.
      expect(errors).toHaveLength(3);
      const everything = inspect(errors, { depth: Infinity, showHidden: true });
      expect(everything).toContain('23514: a CHECK refused the row');
      for (const secret of [client.sessionId!, SECRET, DATA, 'harmless'])
        expect(everything).not.toContain(secret);
    });

    it('cost nothing while nobody listens: no event is made', async () => {
      await start();
      const emit = jest.spyOn(runtime.events, 'emit');
      await course();
      expect(emit).not.toHaveBeenCalled();
    });

    it('cost nothing for a type that nobody listens to, and nothing any more once the last has gone', async () => {
      await start();
      const emit = jest.spyOn(runtime.events, 'emit');
      const heard: unknown[] = [];
      const go = subscribeTo('destroyed', (message) => heard.push(message));
      await course();
      expect(emit.mock.calls.map(([{ type }]) => type)).toEqual(Array(2).fill('destroyed'));
      expect(heard).toHaveLength(2);
      go();
      await course();
      expect(emit).toHaveBeenCalledTimes(2);
      expect(TYPES.filter((type) => channel(channelOf(type)).hasSubscribers)).toEqual([]);
    });

    it('are of the process: an application that is closed tells nothing, the next one does', async () => {
      await start();
      const heard = overhear(['created']);
      await new Client(base).post('/set', { a: 1 });
      await app.close();
      await start();
      expect(heard).toHaveLength(1);
      await new Client(base).post('/set', { a: 1 });
      expect(heard).toHaveLength(2);
    });

    it('speak within the request that an event is about, where a tracing tool finds its span: of five that share calls, too', async () => {
      const requests = new AsyncLocalStorage<string>();
      await start({}, (made) =>
        made.use((req: { headers: Record<string, string> }, _res: unknown, next: () => void) =>
          requests.run(req.headers['x-client']!, next),
        ),
      );
      const told: { type: Type; handle: string; within: string | undefined }[] = [];
      for (const type of TYPES) {
        subscribeTo(type, (message) => {
          const { handle } = message as { handle: string };
          told.push({ type, handle, within: requests.getStore() });
        });
      }
      const clients = Array.from({ length: 5 }, () => new Client(base));
      clients.forEach((client, index) => (client.headers['x-client'] = `client ${index}`));
      const owners = new Map<string, string>();
      const steps: ((client: Client) => Promise<unknown>)[] = [
        (client) => client.post('/set', { a: 1 }),
        (client) => client.get('/read'),
        (client) => client.post('/login', { userId: 'ann' }),
        (client) => client.post('/logout'),
      ];
      for (const step of steps) {
        const { promise, resolve } = deferred();
        spy.gate = promise;
        const asked = arrivals(app, clients.length);
        const done = Promise.all(clients.map(step));
        await asked; // and so they share what the first two calls have not taken along
        resolve();
        await done;
        for (const { sessionId, headers } of clients)
          if (sessionId !== undefined) owners.set(keyOf(sessionId), headers['x-client']!);
      }
      expect(Math.max(...spy.calls.read.map(([keys]) => (keys as unknown[]).length))).toBeGreaterThan(1);
      expect(told.map(({ type }) => type).sort()).toEqual(
        ['created', 'destroyed', ...Array<Type>(3).fill('loaded'), 'rotated'].flatMap((type) =>
          Array<unknown>(5).fill(type),
        ),
      );
      expect(told.map(({ within }) => within)).toEqual(told.map(({ handle }) => owners.get(handle)));
    });
  });

  describe('a subscriber of a channel that throws', () => {
    const PROGRAM = `
    import 'reflect-metadata';
    import { subscribe } from 'node:diagnostics_channel';

    process.on('uncaughtException', (error) => console.log('uncaught:', error.message));
    const heard = [];
    for (const type of ['created', 'loaded']) {
      subscribe('nest-session:' + type, () => { throw new Error(type); });
      subscribe('nest-session:' + type, ({ type }) => heard.push(type));
    }

    const { NestFactory } = await import('@nestjs/core'); // a tracing tool is there before the application
    const { SESSION_MIDDLEWARE, SessionEvents, SessionModule } = await import('nest-session');
    const app = await NestFactory.create(SessionModule.forRoot({ secret: 'x'.repeat(32) }), { logger: false });
    app.get(SessionEvents).all.subscribe(({ type }) => heard.push(type));
    app.use(app.get(SESSION_MIDDLEWARE));
    app.use((req, res) => res.end(String((req.session.visits = (req.session.visits ?? 0) + 1))));
    await app.listen(0, '127.0.0.1');
    const first = await fetch(await app.getUrl());
    const [cookie] = first.headers.getSetCookie();
    const second = await fetch(await app.getUrl(), { headers: { cookie: cookie.split(';')[0] } });
    console.log(first.status, await first.text(), second.status, await second.text(), heard.join());
    await app.close();
  `;

    it('harms no request, and nobody else who listens: Node has the error go uncaught', async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await once(child, 'close');
      expect(output).toBe('uncaught: created\nuncaught: loaded\n200 1 200 2 created,created,loaded,loaded\n');
    });
  });
});
