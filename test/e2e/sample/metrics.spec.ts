import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { channel } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import {
  MemorySessionStore,
  type RotatedReason,
  type SessionEvent,
  SessionService,
} from '../../../lib/index.js';
import { SESSION_RUNTIME } from '../../../lib/session.constants.js';
import type { SessionRuntime } from '../../../lib/session.runtime.js';
import { AppModule } from '../../../sample/04-metrics/app.module.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE } from '../../support/clock.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';

const SECRET = 'a secret of more than thirty-two bytes';
const README = new URL('../../../sample/04-metrics/README.md', import.meta.url);

/** Values by series, as Prometheus writes it: `nest_session_destroyed_total{reason="logout"}`. */
type Numbers = Record<string, number>;

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
let store: MemorySessionStore;
let spy: StoreSpy;
let app: INestApplication;
let apps: INestApplication[];
let base: string;
let ada: Client;

async function start(own: MemorySessionStore): Promise<INestApplication> {
  spy = spyOnStore(own);
  const settings = { secret: SECRET, store: spy.store };
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
  const made = module.createNestApplication();
  apps.push(made);
  if (!process.env.TEST_LOG) made.useLogger(false);
  base = await listen(made);
  return made;
}

describe('metrics', () => {
  beforeEach(async () => {
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    metrics.setGlobalMeterProvider(provider);
    store = new MemorySessionStore();
    apps = [];
    app = await start(store);
    ada = new Client(base);
  });
  afterEach(async () => {
    await Promise.all(apps.map((each) => each.close()));
    await provider.shutdown();
    metrics.disable();
    jest.restoreAllMocks();
  });

  /** What `GET /metrics` says. */
  async function scraped(at = base): Promise<Numbers> {
    return numbersIn((await new Client(at).get('/metrics')).text);
  }

  function numbersIn(text: string): Numbers {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line): [string, number] => {
        const gap = line.lastIndexOf(' ');
        return [line.slice(0, gap), Number(line.slice(gap + 1))];
      }),
    );
  }

  /** What OpenTelemetry exports, under the names that its exporters for Prometheus give. */
  async function exported(): Promise<Numbers> {
    exporter.reset();
    await provider.forceFlush();
    const numbers: Numbers = {};
    for (const { descriptor, dataPoints } of exporter.getMetrics().at(-1)!.scopeMetrics[0]!.metrics) {
      const suffix = descriptor.name === 'nest_session.live' ? '' : '_total';
      for (const { attributes, value } of dataPoints) {
        const labels = Object.entries(attributes).map(([name, label]) => `${name}="${String(label)}"`);
        const series =
          descriptor.name.replaceAll('.', '_') + suffix + (labels.length ? `{${labels.join()}}` : '');
        numbers[series] = value as number;
      }
    }
    return numbers;
  }

  /** What both say; they have to say the same. */
  async function readings(): Promise<Numbers> {
    const numbers = await scraped();
    expect(await exported()).toEqual(numbers);
    return numbers;
  }

  /** What changes while something is done, by the part of a series' name that varies. */
  async function changes(work: () => Promise<unknown>): Promise<Numbers> {
    const before = await readings();
    await work();
    const after = await readings();
    const changed = Object.keys(after).filter((series) => after[series] !== before[series]);
    return Object.fromEntries(
      changed.map((series) => {
        const name = series.replace(/^nest_session_/, '').replace('_total', '');
        return [name.replace(/{reason="(\w+)"}/, '{$1}'), after[series]! - before[series]!];
      }),
    );
  }

  const clock = () => app.get<SessionRuntime>(SESSION_RUNTIME).options.clock;

  function withCookie(value: string): Client {
    const client = new Client(base);
    client.cookies.set('sid', encodeURIComponent(value));
    return client;
  }

  describe('the metrics of the sample', () => {
    it('are there before anything has happened', async () => {
      const numbers = await readings();
      expect(Object.values(numbers)).toEqual(Array(24).fill(0));
      expect(Object.keys(numbers)).toHaveLength(24);
    });

    it('tell a course of requests, in the format of Prometheus', async () => {
      await ada.get('/');
      await ada.post('/visits');
      await ada.post('/visits');
      const before = ada.copy();
      await ada.post('/sign-in', { name: 'ada' });
      await before.get('/');
      await withCookie(`s:${ada.sessionId}.guessed`).get('/');
      await ada.post('/sign-out');
      await withCookie('anything').post('/visits');

      const { status, headers, text, setCookies } = await new Client(base).get('/metrics');
      expect({ status, setCookies }).toEqual({ status: 200, setCookies: [] });
      expect(headers.get('content-type')).toMatch(/^text\/plain; .*version=0\.0\.4/);
      expect(text).toBe(`# HELP nest_session_created_total Sessions stored for the first time.
# TYPE nest_session_created_total counter
nest_session_created_total 2

# HELP nest_session_loaded_total Requests that came with a session.
# TYPE nest_session_loaded_total counter
nest_session_loaded_total 3

# HELP nest_session_rotated_total Sessions that were given a new id.
# TYPE nest_session_rotated_total counter
nest_session_rotated_total{reason="login"} 1
nest_session_rotated_total{reason="requested"} 0
nest_session_rotated_total{reason="scheduled"} 0
nest_session_rotated_total{reason="stepUp"} 0
nest_session_rotated_total{reason="actAs"} 0
nest_session_rotated_total{reason="stopActing"} 0

# HELP nest_session_destroyed_total Sessions that were ended.
# TYPE nest_session_destroyed_total counter
nest_session_destroyed_total{reason="logout"} 1
nest_session_destroyed_total{reason="revoked"} 0
nest_session_destroyed_total{reason="replaced"} 0

# HELP nest_session_rejected_total Session cookies that were not accepted.
# TYPE nest_session_rejected_total counter
nest_session_rejected_total{reason="malformed"} 1
nest_session_rejected_total{reason="signature"} 1
nest_session_rejected_total{reason="unknown"} 0
nest_session_rejected_total{reason="superseded"} 1
nest_session_rejected_total{reason="expired"} 0
nest_session_rejected_total{reason="corrupt"} 0
nest_session_rejected_total{reason="unproved"} 0
nest_session_rejected_total{reason="unbound"} 0
nest_session_rejected_total{reason="proof"} 0

# HELP nest_session_bound_total Sessions that were bound to their device.
# TYPE nest_session_bound_total counter
nest_session_bound_total 0

# HELP nest_session_proved_total Proofs of the device that were accepted.
# TYPE nest_session_proved_total counter
nest_session_proved_total 0

# HELP nest_session_store_errors_total Calls of the session store that failed or took too long.
# TYPE nest_session_store_errors_total counter
nest_session_store_errors_total 0

# HELP nest_session_live Sessions that are alive, counted in the store.
# TYPE nest_session_live gauge
nest_session_live 1
`);
      expect(await exported()).toEqual(numbersIn(text));
    });

    it('hold nothing of anybody: the only label is the reason', async () => {
      await ada.post('/visits');
      await ada.post('/sign-in', { name: 'ada-lovelace' });
      const [session] = await app.get(SessionService).list('ada-lovelace');
      await withCookie(`s:${ada.sessionId}.guessed`).get('/');
      await ada.post('/sign-out');
      const { text } = await new Client(base).get('/metrics');
      await provider.forceFlush();
      const all = text + JSON.stringify(exporter.getMetrics());
      for (const secret of ['ada-lovelace', session!.handle, '127.0.0.1', SECRET])
        expect(all).not.toContain(secret);
      const labels = [...text.matchAll(/[{,](\w+)="(\w+)"/g)].map(([, name]) => name);
      expect(new Set(labels)).toEqual(new Set(['reason']));
    });
  });

  /** Each seen by Prometheus and OpenTelemetry alike. */
  describe('what counts as what', () => {
    it('nothing, for a visitor without a session', async () => {
      expect(await changes(() => ada.get('/'))).toEqual({});
    });

    it('created, once a session holds something, and loaded from then on', async () => {
      expect(await changes(() => ada.post('/visits'))).toEqual({ created: 1, live: 1 });
      expect(await changes(() => ada.get('/'))).toEqual({ loaded: 1 });
      expect(await changes(() => ada.post('/visits'))).toEqual({ loaded: 1 });
    });

    it('rotated{login}, when somebody signs in', async () => {
      await ada.post('/visits');
      const signIn = () => ada.post('/sign-in', { name: 'ada' });
      expect(await changes(signIn)).toEqual({ loaded: 1, 'rotated{login}': 1 });
      const other = new Client(base);
      expect(await changes(() => other.post('/sign-in', { name: 'bob' }))).toEqual({ created: 1, live: 1 });
    });

    it.each<RotatedReason>(['requested', 'scheduled', 'stepUp', 'actAs', 'stopActing'])(
      'rotated{%s}, whoever acts for whom',
      async (reason) => {
        const { events } = app.get<SessionRuntime>(SESSION_RUNTIME);
        const persons = { userId: 'a-customer', actor: 'support-staff' };
        const event: SessionEvent = { type: 'rotated', at: new Date(), handle: 'h', reason, ...persons };
        const rotate = () => Promise.resolve(events.emit(event));
        expect(await changes(rotate)).toEqual({ [`rotated{${reason}}`]: 1 });
        const { text } = await new Client(base).get('/metrics');
        for (const person of Object.values(persons)) expect(text).not.toContain(person);
      },
    );

    it('destroyed{logout}, when they sign out', async () => {
      await ada.post('/sign-in', { name: 'ada' });
      const signOut = () => ada.post('/sign-out');
      expect(await changes(signOut)).toEqual({ loaded: 1, 'destroyed{logout}': 1, live: -1 });
      expect(await changes(signOut)).toEqual({});
    });

    it('destroyed{revoked}, when they are signed out', async () => {
      await ada.post('/sign-in', { name: 'ada' });
      await new Client(base).post('/sign-in', { name: 'ada' });
      const revoke = () => app.get(SessionService).revokeAll('ada');
      expect(await changes(revoke)).toEqual({ 'destroyed{revoked}': 2, live: -2 });
      expect(await changes(() => ada.get('/'))).toEqual({ 'rejected{unknown}': 1 });
    });

    it('rejected{signature}, for every request with a forged cookie', async () => {
      await ada.post('/visits');
      const forger = withCookie(`s:${ada.sessionId}.${'x'.repeat(43)}`);
      expect(await changes(() => forger.get('/'))).toEqual({ 'rejected{signature}': 1 });
      expect(await changes(() => forger.get('/'))).toEqual({ 'rejected{signature}': 1 });
    });

    it('rejected{malformed}, for what was never a cookie of ours', async () => {
      expect(await changes(() => withCookie('anything').get('/'))).toEqual({ 'rejected{malformed}': 1 });
    });

    it('rejected{superseded}, for an id from before somebody signed in', async () => {
      await ada.post('/visits');
      const before = ada.copy();
      await ada.post('/sign-in', { name: 'ada' });
      expect(await changes(() => before.get('/'))).toEqual({ 'rejected{superseded}': 1 });
    });

    it('rejected{expired}, when somebody comes back too late, and nothing when they do not', async () => {
      await ada.post('/visits');
      await new Client(base).post('/visits');
      expect(await changes(() => Promise.resolve(clock().advance(2 * MINUTE)))).toEqual({ live: -2 });
      expect(await changes(() => ada.get('/'))).toEqual({ 'rejected{expired}': 1 });
      expect(await changes(() => app.get(SessionService).prune())).toEqual({});
      expect(store.size).toBe(0);
    });

    it('rejected{corrupt}, for a row that cannot be read', async () => {
      await ada.post('/sign-in', { name: 'ada' });
      const [session] = await app.get(SessionService).list('ada');
      await spy.tamper(session!.handle, { data: '{"userId":' });
      expect(await changes(() => ada.get('/'))).toEqual({ loaded: 1, 'rejected{corrupt}': 1 });
    });

    it('store_errors, when the store fails', async () => {
      await ada.post('/visits');
      const fail = async (): Promise<void> => {
        spy.failure = { error: new Error('down') };
        expect((await ada.get('/')).status).toBe(503);
        spy.failure = undefined;
      };
      expect(await changes(fail)).toEqual({ store_errors: 1 });
      expect(await changes(() => ada.get('/'))).toEqual({ loaded: 1 });
    });
  });

  describe('the count of live sessions', () => {
    it('spoils no other number while the store cannot say it', async () => {
      await ada.post('/visits');
      const before = await readings();
      const count = jest.spyOn(store, 'count').mockRejectedValue(new Error('down'));
      const { nest_session_live, ...counters } = before;
      expect(nest_session_live).toBe(1);
      expect(await scraped()).toEqual(counters);
      // OpenTelemetry counts the live ones first, so that this failure of its own is in it already.
      expect(await exported()).toMatchObject({ ...counters, nest_session_store_errors_total: 2 });
      count.mockRestore();
      expect(await readings()).toEqual({ ...before, nest_session_store_errors_total: 2 });
    });

    it('is taken when somebody asks, and by no request', async () => {
      const count = jest.spyOn(store, 'count');
      await ada.post('/visits');
      await ada.get('/');
      expect(count).not.toHaveBeenCalled();
      await scraped();
      expect(count).toHaveBeenCalledTimes(1);
    });
  });

  describe('an application', () => {
    const EVENTS: SessionEvent[] = [
      { type: 'created', at: new Date(), handle: 'h' },
      { type: 'loaded', at: new Date(), handle: 'h' },
      { type: 'rotated', at: new Date(), handle: 'h', reason: 'login' },
      { type: 'destroyed', at: new Date(), handle: 'h', reason: 'logout' },
      { type: 'rejected', at: new Date(), reason: 'malformed' },
      { type: 'storeError', at: new Date(), error: new Error('down') },
    ];

    it('counts nothing after it is closed', async () => {
      const channels = EVENTS.map(({ type }) => channel(`nest-session:${type}`));
      expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual(Array(6).fill(true));
      await ada.post('/visits');
      const registry = app.get(Registry);
      const { events } = app.get<SessionRuntime>(SESSION_RUNTIME);
      const before = await readings();
      const count = jest.spyOn(store, 'count');

      await app.close();
      const { nest_session_live, ...counters } = before;
      for (const event of EVENTS) {
        expect(events.hasListeners(event.type)).toBe(false);
        events.emit(event);
      }
      expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual(Array(6).fill(false));
      expect(await exported()).toMatchObject(counters);
      expect(count).not.toHaveBeenCalled();
      expect(numbersIn(await registry.metrics())).toEqual({ ...counters, nest_session_live });
    });

    it('counts its own events for Prometheus, and those of the process for OpenTelemetry', async () => {
      const first = { app, base };
      app = await start(new MemorySessionStore());
      await new Client(base).post('/visits');
      expect(await scraped(first.base)).toMatchObject({
        nest_session_created_total: 0,
        nest_session_live: 0,
      });
      expect(await scraped()).toMatchObject({ nest_session_created_total: 1, nest_session_live: 1 });
      await first.app.close();
      const before = (await exported()).nest_session_created_total!;
      await new Client(base).post('/visits');
      expect((await exported()).nest_session_created_total! - before).toBe(1);
    });

    it('needs no MeterProvider', async () => {
      await app.close();
      metrics.disable();
      app = await start(new MemorySessionStore());
      expect((await new Client(base).post('/visits')).status).toBe(201);
      expect(await scraped()).toMatchObject({ nest_session_created_total: 1 });
    });
  });

  describe('the requests that count', () => {
    it.each([{}, { name: '' }, { name: ' ' }, { name: ['ada'] }, { name: 'a'.repeat(41) }])(
      'are refused without a name, as with %j',
      async (body) => {
        expect((await ada.post('/sign-in', body)).status).toBe(400);
        expect(ada.cookies.size).toBe(0);
      },
    );

    it('answer as the README says', async () => {
      expect((await ada.get('/')).body).toEqual({ greeting: 'Hello, stranger!', visits: 0 });
      expect((await ada.post('/visits')).body).toEqual({ visits: 1 });
      expect((await ada.post('/sign-in', { name: 'ada' })).status).toBe(204);
      expect((await ada.get('/')).body).toEqual({ greeting: 'Hello, ada!', visits: 1 });
      expect((await ada.post('/sign-out')).status).toBe(204);
    });
  });

  describe('the README', () => {
    it('names no metric and no reason that there is not', async () => {
      const readme = readFileSync(README, 'utf8');
      const known = Object.keys(await scraped());
      const named = [...readme.matchAll(/\bnest_session_\w+(?:{reason="\w+"})?/g)].map(([name]) => name);
      expect(named.length).toBeGreaterThan(7);
      expect(named.filter((name) => !known.some((series) => series.startsWith(name)))).toEqual([]);
    });
  });
});
