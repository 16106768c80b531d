import { jest } from '@jest/globals';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../../../support/client.js';
import { type Options, serve, type SessionFunction } from './peers.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what these tests look at is anything
export type Anything = any;
export type Callback = (error?: unknown, value?: Anything) => void;

export interface AnyCookie {
  serialize(name: string, value: string): string;
  toJSON(): Record<string, unknown>;
  [name: string]: Anything;
}

export interface AnySession {
  readonly id: string;
  readonly req: Visit;
  cookie: AnyCookie;
  save(callback?: Callback): unknown;
  reload(callback?: Callback): unknown;
  destroy(callback?: Callback): unknown;
  regenerate(callback?: Callback): unknown;
  touch(): unknown;
  resetMaxAge(): unknown;
  [key: string]: Anything;
}

export interface StoreBase extends EventEmitter {
  generate(req: unknown): void;
  createSession(req: unknown, row: unknown): AnySession;
  load(id: string, callback: Callback): void;
  regenerate(req: unknown, callback: Callback): void;
}

export interface AnyStore extends StoreBase {
  get(id: string, callback: Callback): void;
  set(id: string, session: unknown, callback?: Callback): void;
  destroy(id: string, callback?: Callback): void;
  touch(id: string, session: unknown, callback?: Callback): void;
  all(callback?: Callback): void;
  clear(callback?: Callback): void;
  length(callback: Callback): void;
}

/** A request as the middleware leaves it. */
export type Visit = IncomingMessage & {
  session: AnySession;
  sessionID: string;
  sessionStore: AnyStore;
  [name: string]: Anything;
};

interface Parts {
  Cookie: new (options?: unknown) => AnyCookie;
  Session: new (req: unknown, data?: unknown) => AnySession;
  Store: new (options?: unknown) => StoreBase;
  MemoryStore: new (options?: unknown) => AnyStore;
}

/** The value under another type: what these tests pass on and look at is not what the types allow. */
export const as = <T>(value: unknown): T => value as T;

/** The classes that hang on the session function. */
export const parts = (session: SessionFunction): Parts => as<Parts>(session);

/** What the routes of a test do; what one returns is answered as JSON, one that returns nothing answers itself. */
export type Route = (req: Visit, res: ServerResponse) => unknown;

export interface Site {
  readonly base: string;
  /** What was passed to `next(error)`. */
  readonly errors: unknown[];
  readonly client: () => Client;
}

export const OPTIONS = { secret: 'keyboard cat', resave: false, saveUninitialized: false };

export async function site(
  session: SessionFunction,
  routes: Record<string, Route>,
  options: Record<string, unknown> = {},
  before?: (req: Visit, res: ServerResponse) => void,
): Promise<Site> {
  const handler = async (req: Visit, res: ServerResponse): Promise<void> => {
    const route = routes[req.url ?? ''];
    if (!route) throw new Error(`No route ${req.url}`);
    const answer = await route(req, res);
    if (answer !== undefined) res.end(JSON.stringify(answer));
  };
  const served = await serve(session, as<Options>({ ...OPTIONS, ...options }), handler, before);
  return { base: served.base, errors: served.errors, client: () => served.client() };
}

/** What a function hands to its callback, as a promise. */
export function called(run: (callback: Callback) => unknown): Promise<Anything> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error ? reject(as<Error>(error)) : resolve(value)));
  });
}

/** The error that a function hands to its callback. */
export const failure = (run: (callback: Callback) => unknown): Promise<unknown> =>
  new Promise((resolve) => void run((error) => resolve(error)));

export type StoreCall = 'get' | 'set' | 'touch' | 'destroy';

export interface FakeStore extends AnyStore {
  readonly rows: Map<string, string>;
  readonly calls: StoreCall[];
  /** The errors that calls answer with. */
  readonly fail: Partial<Record<StoreCall, unknown>>;
  /** The data of every row, without its cookie. */
  readonly data: unknown[];
}

/** When a store carries out a call and calls back. */
export type Pace = (answer: () => void, call: StoreCall) => void;

export const serializingOnce: Pace = (answer) => answer();
export const soon: Pace = (answer) => void setImmediate(answer);
export const slowly: Pace = (answer) => void setTimeout(answer, 10);

/** A store whose rows, calls and errors are in the hands of the test. */
export function fakeStore(
  session: SessionFunction,
  pace: Pace = soon,
  rows = new Map<string, string>(),
): FakeStore {
  class Fake extends parts(session).Store {
    readonly rows = rows;
    readonly calls: StoreCall[] = [];
    readonly fail: Partial<Record<StoreCall, unknown>> = {};

    get data(): unknown[] {
      return [...rows.values()].map((row) => withoutCookie(as<Row>(JSON.parse(row))));
    }
    get(id: string, callback: Callback): void {
      this.#run('get', callback, () => {
        const row = rows.get(id);
        return row && as<Row>(JSON.parse(row));
      });
    }
    set(id: string, value: unknown, callback?: Callback): void {
      const row = JSON.stringify(value);
      this.#run('set', callback, () => void rows.set(id, row));
    }
    touch(id: string, value: { cookie: unknown }, callback?: Callback): void {
      const cookie = JSON.stringify(value.cookie);
      this.#run('touch', callback, () => {
        const row = rows.get(id);
        if (row)
          rows.set(id, JSON.stringify({ ...as<Row>(JSON.parse(row)), cookie: as<Row>(JSON.parse(cookie)) }));
      });
    }
    destroy(id: string, callback?: Callback): void {
      this.#run('destroy', callback, () => void rows.delete(id));
    }
    #run(call: StoreCall, callback: Callback | undefined, work: () => unknown): void {
      this.calls.push(call);
      pace(() => {
        if (this.fail[call] !== undefined) callback?.(this.fail[call]);
        else callback?.(null, work());
      }, call);
    }
  }
  return new Fake() as unknown as FakeStore;
}

type Row = Record<string, unknown>;

function withoutCookie({ cookie: _, ...data }: Row): Row {
  return data;
}

/** The data of a session, without its cookie. */
export const dataOf = (session: AnySession): Record<string, unknown> => withoutCookie({ ...session });

export interface Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/** Turns of the event loop until the condition holds. It gives up before the test does, so that nothing goes on. */
export async function until(condition: () => unknown): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not so in time: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Enough turns of the event loop for anything that needs no waiting to have happened. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Fakes the clock, and no timers: they and the network go on as they are. */
export function fakeDate(now: string | number): void {
  jest.useFakeTimers({
    now: new Date(now),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

/** Moves the faked clock. */
export function passTime(milliseconds: number): void {
  jest.setSystemTime(Date.now() + milliseconds);
}

/** The session ids that signed cookies in the header carry. */
export function idsOf(setCookies: readonly string[]): string[] {
  return setCookies
    .filter((line) => line.startsWith('connect.sid=s%3A'))
    .map((line) => line.slice('connect.sid=s%3A'.length).split('.')[0]!)
    .map(decodeURIComponent);
}
