import type { INestApplicationContext } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import { SESSION_MEMBERS } from '../core/session.js';
import type { Session } from '../decorators/session.decorator.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { cookieFrom } from './cookie-from.js';
import { ownRequest } from './own-request.js';

/** What a session holds in tests: your {@link SessionData}; any keys where you declare none. */
export type TestSessionData = keyof SessionData extends never
  ? Readonly<Record<string, unknown>>
  : Readonly<Partial<SessionData>>;

/** The user that {@link signIn} signs in. */
export interface SignInData {
  /** A string of 1 to 255 characters without NUL, or a finite number. */
  readonly userId: string | number;
  /**
   * How surely the user is known: `session.login(userId, { level })`.
   *
   * @defaultValue 1
   */
  readonly level?: number;
  /**
   * Who really signs in, and then acts for `userId`: `session.actAs(userId)`.
   *
   * @defaultValue nobody but the user
   */
  readonly actor?: string | number;
}

/** Options of {@link openSession}. */
export interface OpenSessionOptions {
  /**
   * Headers of the request that the session begins with, by their names in lower case, for example `user-agent`. With the
   * `cookie` of a session it is that session which goes on.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The address of the client.
   *
   * @defaultValue `'127.0.0.1'`
   */
  readonly ip?: string;
  /** Does to the session what data cannot, such as flash values and cookie settings, before anything is stored. */
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
 * Begins a session that holds the data given, as a request would that came over TLS, and stores it. No request is sent:
 * the application need not listen.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param data - What the session holds; at least one key, or a flash value that `prepare` adds.
 * @returns The `Cookie` header of the session's client, `name=value`.
 * @throws SessionUsageError when the application has no `SessionModule`, and when there is nothing to store.
 * @throws SessionDataError when `data` holds what JSON cannot.
 * @throws SessionStoreError when the store fails.
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
 * As {@link openSession}, and signs a user in with `session.login(userId, { level, reference })`: the session has an `authenticatedAt`,
 * events are told, and `maxSessionsPerUser` holds. With `actor`, that is who signs in, and then acts for the user.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param data - What the session holds, with the `userId` to sign in, the `level` of the login, and the `actor` who acts for
 * the user.
 * @returns The `Cookie` header of the session's client, `name=value`.
 * @throws SessionUsageError when the application has no `SessionModule`.
 * @throws SessionDataError when `userId` is none, and when `data` holds what JSON cannot.
 * @throws SessionStoreError when the store fails.
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
