import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHook } from 'node:async_hooks';
import { Controller, Get, type INestApplication, Injectable } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  type SessionEvent,
  SessionEvents,
  SessionHealthIndicator,
  type SessionHealthOptions,
  SessionModule,
  type SessionModuleOptions,
} from 'nest-session';
import { ExpressStoreAdapter, MemoryStore } from 'nest-session/express';
import { type FailingStore, failingStore, signIn } from 'nest-session/testing';
import supertest from 'supertest';
import { messages } from '../../../lib/errors/messages.js';
import { type Backend, BACKENDS, KINDS, SECRET } from '../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';

/** What the health checks of a test are asked with. */
@Injectable()
class Asked {
  options: SessionHealthOptions | undefined;
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sessions: SessionHealthIndicator,
    private readonly asked: Asked,
  ) {}

  @Get() @HealthCheck() check() {
    return this.health.check([() => this.sessions.isHealthy()]);
  }

  @Get('named') @HealthCheck() named() {
    return this.health.check([() => this.sessions.isHealthy('store', this.asked.options)]);
  }
}

/** On Express alone: it asks the store, and the answer is written by terminus. */
describe('SessionHealthIndicator', () => {
  let app: INestApplication;
  let store: FailingStore;
  let spy: StoreSpy;
  let asked: Asked;
  let events: SessionEvent[];

  async function open(
    inner: { store: Backend['store'] },
    options: Partial<SessionModuleOptions> = {},
  ): Promise<void> {
    store = failingStore(inner.store);
    spy = spyOnStore(store);
    const module = await Test.createTestingModule({
      imports: [
        TerminusModule.forRoot({ logger: false }),
        SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options }),
      ],
      controllers: [HealthController],
      providers: [Asked],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    asked = app.get(Asked);
    events = [];
    app.get(SessionEvents).all.subscribe((event) => events.push(event));
  }

  afterEach(async () => {
    store.recover();
    await app.close();
  });

  const health = (path = '/health') => supertest(app.getHttpServer() as never).get(path);
  const named = (options: SessionHealthOptions) => {
    asked.options = options;
    return health('/health/named');
  };

  /** What terminus answers where the store is down. */
  const down = (message: string, key = 'session') => ({
    status: 'error',
    info: {},
    error: { [key]: { status: 'down', message } },
    details: { [key]: { status: 'down', message } },
  });
  const FAILED = 'The session store failed in "read"; the driver\'s error is the cause.';
  const late = (ms: number) =>
    `The session store did not answer within ${ms} ms; check that it is reachable.`;

  describe.each(KINDS)('on %s', (kind) => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await BACKENDS[kind]();
    });
    afterAll(() => backend.close());

    it('says that the store answers', async () => {
      await open(backend);
      const up = { session: { status: 'up' } };
      await health().expect(200, { status: 'ok', info: up, error: {}, details: up });
      const store = { store: { status: 'up' } };
      await named({ timeout: '5s' }).expect(200, { status: 'ok', info: store, error: {}, details: store });
      expect(events).toEqual([]);
    });

    it('says that it fails, and not with what', async () => {
      await open(backend);
      const error = new Error('password "hunter2" refused');
      store.fail({ error });
      await health().expect(503, down(FAILED));
      expect(events).toEqual([
        {
          type: 'storeError',
          at: expect.any(Date),
          error: expect.objectContaining({ cause: new Error(messages.driverSilent) }),
        },
      ]);
      store.recover();
      await health().expect(200);
    });

    it('says that it hangs, when storeTimeout is over', async () => {
      await open(backend, { storeTimeout: 1_000 });
      store.hang();
      const { body } = await health().expect(503);
      expect(body).toEqual(
        down(
          'The session store did not answer "read" within 1000 ms; check that it is reachable, or raise "storeTimeout".',
        ),
      );
      expect(events.map(({ type }) => type)).toEqual(['storeError']);
      store.recover();
      await health().expect(200);
    });

    it('says that it hangs when the time-out of the check is over, long before that', async () => {
      await open(backend, { storeTimeout: '1h' });
      store.hang();
      await named({ timeout: 20 }).expect(503, down(late(20), 'store'));
      await named({ timeout: '10ms' }).expect(503, down(late(10), 'store'));
      expect(events).toEqual([]);
      store.recover();
      await named({ timeout: '60s' }).expect(200);
    });
  });

  it('asks one small question: for a session that is not there, another each time', async () => {
    await open({ store: failingStore() });
    await health();
    await health();
    const [first, second] = spy.calls.read;
    expect([spy.count('read'), spy.count()]).toEqual([2, 2]);
    expect(first).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(second).not.toEqual(first);
  });

  it('shares a round trip with requests, and with other checks', async () => {
    await open({ store: failingStore() });
    const indicator = app.get(SessionHealthIndicator);
    await Promise.all(Array.from({ length: 20 }, () => indicator.isHealthy()));
    expect(spy.count('read')).toBe(1);
  });

  it('never gets more than storeTimeout', async () => {
    await open({ store: failingStore() }, { storeTimeout: 20 });
    store.hang();
    const { body } = await named({ timeout: '1h' }).expect(503);
    expect(body.error.store.message).toContain('did not answer "read" within 20 ms');
  });

  it('leaves no rejection behind when the store fails after the time-out', async () => {
    await open({ store: failingStore() }, { storeTimeout: '1h' });
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    store.hang();
    await named({ timeout: 10 }).expect(503);
    store.fail();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['storeError']);
  });

  it.each(['soon', 0, -1, null])('takes a time-out of %p for a fault that it names', async (timeout) => {
    await open({ store: failingStore() });
    const { body } = await named({ timeout: timeout as never }).expect(503);
    expect(body.error.store.message).toMatch(/isHealthy timeout": .* accepted: milliseconds or a duration/);
    expect(spy.count()).toBe(0);
  });

  it('takes a time-out longer than a timer can be', async () => {
    await open({ store: failingStore() });
    await named({ timeout: '60 days' }).expect(200);
    store.delay(10);
    await named({ timeout: '60 days' }).expect(200);
  });

  it('leaves no timer behind, and none that holds the process open', async () => {
    await open({ store: failingStore() });
    const timers = new Set<number>();
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && timers.add(id)),
      destroy: (id) => void timers.delete(id),
    }).enable();
    const check = app.get(SessionHealthIndicator).isHealthy('session', { timeout: '1h' });
    expect(timers.size).toBeGreaterThan(0);
    expect(await check).toEqual({ session: { status: 'up' } });
    await new Promise(setImmediate);
    hook.disable();
    expect(timers).toEqual(new Set());

    const holding = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = holding();
    store.hang();
    const hung = app.get(SessionHealthIndicator).isHealthy('session', { timeout: '1h' });
    expect(holding()).toBe(before);
    store.recover();
    await hung;
  });

  it('works on a store for express-session', async () => {
    await open({ store: new ExpressStoreAdapter(new MemoryStore()) });
    await health().expect(200);
    store.fail();
    await health().expect(503, down(FAILED));
  });

  it('is down when the database is', async () => {
    const backend = await BACKENDS.postgres();
    await open(backend);
    await signIn(app, { userId: '42' });
    await health().expect(200);
    await backend.cut!();
    await health().expect(503, down(FAILED));
    await backend.close();
  });

  it('goes without terminus', async () => {
    await open({ store: failingStore() });
    const indicator = app.get(SessionHealthIndicator);
    const result = await indicator.isHealthy('sessions');
    expect(result.sessions.status).toBe('up');
    store.fail();
    expect(await indicator.isHealthy()).toEqual({ session: { status: 'down', message: FAILED } });
  });
});
