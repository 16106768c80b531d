import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { call, freeze, raw, SECRET, site, type Store, tls } from './options-helpers.js';
import { type Req, type SessionFunction, stopServers } from './peers.js';
import { Names, rowsOf, storeOver } from './program-rows.js';

/** What a handler of a program has in hand. */
interface Scene {
  readonly req: Req;
  readonly res: ServerResponse;
  /** What it has seen: part of the answer. */
  readonly saw: unknown[];
  /** The last session that the request had, for those that put it back. */
  kept: unknown;
}

type Step = (scene: Scene) => unknown;

const assign =
  (values: object): Step =>
  ({ req }) =>
    void Object.assign(req.session as object, values);

const cookie =
  (values: object): Step =>
  ({ req }) =>
    void Object.assign(req.session.cookie as object, values);

const method =
  (name: 'save' | 'reload' | 'regenerate' | 'destroy'): Step =>
  ({ req }) =>
    call(req, name);

const wait = (milliseconds: number) => (): void => void jest.setSystemTime(Date.now() + milliseconds);

/** Calls a method that nobody waits for. */
function unheeded(req: Req, name: 'save' | 'destroy' | 'touch' | 'resetMaxAge'): void {
  (req.session as Record<typeof name, () => unknown>)[name]();
}

interface RequestStore extends Store {
  regenerate(req: Req, callback: (error?: Error) => void): void;
}

const storeOf = (req: Req): RequestStore => req.sessionStore as RequestStore;

/** What programs do, by the names that a counterexample shows. What fails is part of what is seen. */
const STEPS: Record<string, Step> = {
  'n = 1': assign({ n: 1 }),
  'n++': ({ req }) => void (req.session.n = Number(req.session.n ?? 0) + 1),
  'a = {b: [1]}': ({ req }) => void (req.session.a = { b: [1] }),
  'a.b.push(2)': ({ req }) => void (req.session.a?.b as number[] | undefined)?.push(2),
  'a.cookie = {}': ({ req }) => void (req.session.a = { cookie: { n: 1 } }),
  'text = ""': assign({ text: '' }),
  'nothing = null': assign({ nothing: null }),
  'gone = undefined': assign({ gone: undefined }),
  'delete n': ({ req }) => void delete req.session.n,
  'delete a': ({ req }) => void delete req.session.a,
  save: method('save'),
  reload: method('reload'),
  regenerate: method('regenerate'),
  destroy: method('destroy'),
  'save, unheeded': ({ req }) => unheeded(req, 'save'),
  'destroy, unheeded': ({ req }) => unheeded(req, 'destroy'),
  'touch()': ({ req }) => unheeded(req, 'touch'),
  'resetMaxAge()': ({ req }) => unheeded(req, 'resetMaxAge'),
  'store.regenerate': ({ req }) =>
    new Promise<void>((resolve, reject) => {
      storeOf(req).regenerate(req, (error) => (error ? reject(error) : resolve()));
    }),
  'store.destroy': ({ req }) =>
    new Promise<void>((resolve) => storeOf(req).destroy(req.sessionID, () => resolve())),
  'session = null': ({ req }) => void (req.session = null),
  'session = undefined': ({ req }) => void (req.session = undefined),
  'delete session': ({ req }) => void delete req.session,
  'put it back': ({ req, kept }) => void (req.session = kept),
  'cookie.maxAge = 30s': cookie({ maxAge: 30_000 }),
  'cookie.maxAge = null': cookie({ maxAge: null }),
  'cookie.expires = 2031': ({ req }) => void (req.session.cookie.expires = new Date('2031-01-01T00:00:00Z')),
  'cookie.expires = null': cookie({ expires: null }),
  'cookie.sameSite = strict': cookie({ sameSite: 'strict' }),
  'cookie.httpOnly = false': cookie({ httpOnly: false }),
  'cookie.path = /a': cookie({ path: '/a' }),
  'cookie.secure = false': cookie({ secure: false }),
  'cookie = {maxAge: 45s}': ({ req }) => void (req.session.cookie = { maxAge: 45_000 }),
  look: ({ req, saw }) => void saw.push(JSON.parse(JSON.stringify(lookedAt(req)))),
  write: ({ res }) => void res.write(' '),
  'wait 1s': wait(1_000),
  'wait 20s': wait(20_000),
  'wait 70s': wait(70_000),
};

export type StepName = keyof typeof STEPS;

/** One request: which cookie it brings, what its handler does, and how it answers. */
export interface ProgramRequest {
  readonly cookie: 'own' | 'first' | 'none' | 'forged';
  /** Whether it comes over TLS. */
  readonly tls: boolean;
  readonly steps: readonly StepName[];
  readonly answer: 'end' | 'two writes' | 'redirect' | 'no body';
  /** Whether another visitor sends the same request at the same time. */
  readonly beside: boolean;
}

export interface Program {
  readonly options: {
    readonly resave: boolean;
    readonly saveUninitialized: boolean;
    readonly rolling?: boolean;
    readonly unset?: string;
    readonly cookie: { readonly maxAge?: number | null };
  };
  /** How ids are made: `genid` counts its calls, which is compared, too. */
  readonly counts: boolean;
  /** Whether the store has a `touch`. */
  readonly touches: boolean;
  readonly requests: readonly ProgramRequest[];
}

const COOKIES: Program['options']['cookie'][] = [
  {},
  { maxAge: 60_000 },
  { maxAge: null },
  { maxAge: 0 },
  { expires: new Date('2030-01-01T00:01:00Z') } as object,
  { maxAge: 60_000, sameSite: 'lax', httpOnly: false },
  { secure: true, sameSite: 'none', maxAge: 60_000 },
  { secure: 'auto', sameSite: 'auto' },
  { secure: false, sameSite: 'strict', priority: 'high', maxAge: 40_000 },
];

/** Data is what most programs are about. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('n++', 'n = 1', 'look', 'delete n') },
  { weight: 6, arbitrary: fc.constantFrom(...Object.keys(STEPS)) },
);

export const programs: fc.Arbitrary<Program> = fc.record({
  options: fc.record({
    resave: fc.boolean(),
    saveUninitialized: fc.boolean(),
    rolling: fc.boolean(),
    unset: fc.constantFrom('keep', 'destroy'),
    cookie: fc.constantFrom(...COOKIES),
  }),
  counts: fc.boolean(),
  touches: fc.boolean(),
  requests: fc.array(
    fc.record({
      cookie: fc.oneof(
        { weight: 6, arbitrary: fc.constant('own' as const) },
        { weight: 1, arbitrary: fc.constantFrom('first' as const, 'none' as const, 'forged' as const) },
      ),
      tls: fc.boolean(),
      steps: fc.array(step, { maxLength: 5 }),
      answer: fc.oneof(
        { weight: 5, arbitrary: fc.constant('end' as const) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('two writes' as const, 'redirect' as const, 'no body' as const),
        },
      ),
      beside: fc.boolean(),
    }),
    { minLength: 2, maxLength: 4 },
  ),
});

/** What came of one request. */
export interface Seen {
  readonly status: number | undefined;
  readonly text: string;
  readonly setCookies: readonly string[];
  readonly rows: object;
  readonly errors: readonly string[];
}

/** Runs a program with one of the peers. */
export async function run(session: SessionFunction, program: Program): Promise<Seen[]> {
  freeze('2030-01-01T00:00:00Z');
  const rows = new Map<string, string>();
  const names = new Names();
  let made = 0;
  let current: ProgramRequest;
  const { base, errors } = await site(
    session,
    {
      ...program.options,
      secret: SECRET,
      store: storeOver(session, rows, program.touches),
      ...(program.counts && { genid: () => `id-${++made}` }),
    },
    { run: (req, res) => answer(req, res, current) },
    tls,
  );
  const seen: Seen[] = [];
  let jar: string | undefined;
  let first: string | undefined;
  let others: string | undefined;
  for (const request of program.requests) {
    current = request;
    const brought = { own: jar, first, none: undefined, forged: 'connect.sid=s%3Aid-1.forged' }[
      request.cookie
    ];
    const send = (cookie: string | undefined) =>
      raw(base, '/run', { 'x-tls': request.tls ? '1' : '0', ...(cookie && { cookie }) });
    const [told, beside] = await Promise.all([
      send(brought),
      isBeside(program, request) ? send(others) : undefined,
    ]);
    jar = told.setCookies.at(-1)?.split(';')[0] ?? jar;
    others = beside?.setCookies.at(-1)?.split(';')[0] ?? others;
    first ??= jar;
    const answers = [told, beside]
      .filter((one) => one !== undefined)
      .map((one) => ({
        status: one.status,
        text: names.in(one.text),
        setCookies: one.setCookies.map((line) => names.in(line)),
      }));
    const state = { rows: rowsOf(rows, names), errors: errors.splice(0).map(String).sort() };
    seen.push(...answers.map((one) => ({ ...one, ...state })));
  }
  await stopServers();
  return seen;
}

/** Ids that are counted, and waits, would depend on which of the two comes first. */
function isBeside({ counts }: Program, { beside, steps }: ProgramRequest): boolean {
  return beside && !counts && !steps.some((name) => name.startsWith('wait'));
}

async function answer(req: Req, res: ServerResponse, { steps, answer }: ProgramRequest): Promise<void> {
  const scene: Scene = { req, res, saw: [], kept: req.session };
  for (const name of steps) {
    try {
      await STEPS[name]!(scene);
    } catch (error) {
      scene.saw.push(`${name}: ${describe(error)}`);
    }
    scene.kept = req.session ?? scene.kept;
  }
  const text = JSON.stringify({ ...lookedAt(req), saw: scene.saw });
  if (res.headersSent) return void res.end(text);
  if (answer === 'redirect') res.writeHead(302, { location: '/elsewhere' });
  if (answer === 'no body') res.writeHead(204);
  if (answer === 'two writes') {
    res.write(text.slice(0, 10));
    res.end(text.slice(10));
  } else res.end(answer === 'no body' ? undefined : text);
}

function lookedAt(req: Req): object {
  const { session, sessionID } = req;
  const { maxAge, expires } = session?.cookie ?? {};
  return { id: sessionID, sameId: session?.id === sessionID, session: session ?? null, maxAge, expires };
}

/** Messages of V8 about what is not there name the expression, which is the same program's on both sides. */
function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
