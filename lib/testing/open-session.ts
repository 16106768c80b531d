import type { INestApplicationContext } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import { SESSION_MEMBERS } from '../core/session.js';
import type { Session } from '../decorators/session.decorator.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { cookieFrom } from './cookie-from.js';
import { ownRequest } from './own-request.js';

/** Session data in tests: your {@link SessionData}, or any keys if you declare none. */
export type TestSessionData = keyof SessionData extends never
  ? Readonly<Record<string, unknown>>
  : Readonly<Partial<SessionData>>;

/** The user that {@link signIn} signs in. */
export interface SignInData {
  /** A string of 1 to 255 characters without NUL, or a finite number. */
  readonly userId: string | number;
  /**
   * The level of the login: `session.login(userId, { level })`.
   *
   * @defaultValue 1
   */
  readonly level?: number;
  /**
   * The user who signs in and then acts for `userId`: `session.actAs(userId)`.
   *
   * @defaultValue none: `userId` signs in
   */
  readonly actor?: string | number;
}

/** Options of {@link openSession}. */
export interface OpenSessionOptions {
  /**
   * Headers of the request that starts the session, with names in lower case, for example `user-agent`. With the
   * `cookie` of a session, that session is continued.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The address of the client.
   *
   * @defaultValue `'127.0.0.1'`
   */
  readonly ip?: string;
  /** Prepares the session before it is stored, for example with flash values and cookie settings. */
  readonly prepare?: (session: Session) => void | Promise<void>;
}

/** Options of {@link signIn}. */
export interface SignInOptions extends OpenSessionOptions {
  /**
   * What another service calls the session: `session.login(userId, { reference })`.
   *
   * @defaultValue none
   */
  readonly reference?: string;
}

/**
 * Starts a session with the given data, as a request over TLS would, and stores it. No request is sent, so the
 * application does not have to listen.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param data - The session data: at least one key, unless `prepare` adds a flash value.
 * @returns The `Cookie` header of the session's client, `name=value`.
 * @throws SessionUsageError if the application has no `SessionModule`, or if the session is empty.
 * @throws SessionDataError if `data` contains a value that JSON does not support.
 * @throws SessionStoreError if the store fails.
 * @example
 * ```ts
 * const cookie = await openSession(app, { cart: [{ sku: 'ink', amount: 1 }] });
 * await request(app.getHttpServer()).get('/cart').set('Cookie', cookie).expect(200);
 * ```
 */
export function openSession(
  app: INestApplicationContext,
  data: TestSessionData,
  options: OpenSessionOptions = {},
): Promise<string> {
  return begin(app, data, options);
}

/**
 * As {@link openSession}, but also signs a user in with `session.login(userId, { level, reference })`: the session has an
 * `authenticatedAt`, events are emitted, and `maxSessionsPerUser` applies. With `actor`, the actor signs in and then
 * acts for the user. The session is not bound to a device, because only a browser can do that: with
 * `deviceBound: { require: 'always' }` it can be used for one minute, so set another value in tests.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param data - The session data, with the `userId` to sign in, the `level` of the login, and the `actor` who acts for the
 * user.
 * @returns The `Cookie` header of the session's client, `name=value`.
 * @throws SessionUsageError if the application has no `SessionModule`.
 * @throws SessionDataError if `userId` is not valid, or `data` contains a value that JSON does not support.
 * @throws SessionStoreError if the store fails.
 * @example
 * ```ts
 * const cookie = await signIn(app, { userId: '42', cart: [] });
 * await request(app.getHttpServer()).get('/me').set('Cookie', cookie).expect(200); // supertest
 * await app.inject({ url: '/me', headers: { cookie } }); // Fastify
 * const support = await signIn(app, { userId: '42', actor: 'staff-7', level: 2 });
 * ```
 */
export function signIn(
  app: INestApplicationContext,
  data: SignInData & TestSessionData,
  options: SignInOptions = {},
): Promise<string> {
  const { level = 1, actor, ...kept } = data;
  const { reference } = options;
  return begin(app, kept, options, async (session) => {
    await session.login(actor ?? kept.userId, { level, reference });
    if (actor !== undefined) await session.actAs(kept.userId);
  });
}

async function begin(
  app: INestApplicationContext,
  data: object,
  { headers, ip, prepare }: OpenSessionOptions,
  login?: (session: Session) => Promise<void>,
): Promise<string> {
  const { request, response, exchange } = ownRequest(app, headers, ip);
  const session = (await exchange.get()) as Session;
  const member = Object.keys(data).find((key) => SESSION_MEMBERS.has(key));
  if (member !== undefined) throw new SessionUsageError(messages.dataMember(member));
  Object.assign(session, data);
  await prepare?.(session);
  await login?.(session);
  await exchange.commit();
  exchange.beforeHead();
  if (session.isNew && !response.hasHeader('Set-Cookie')) throw new SessionUsageError(messages.nothingStored);
  return cookieFrom({ headers: response.getHeaders() }, request.headers.cookie);
}
