import { Inject, Injectable } from '@nestjs/common';
import { personsOf, recordAt } from '../core/record/identity/identity.js';
import { referenceDigest } from '../core/record/identity/reference.js';
import { isBoundToDevice } from '../core/record/session-meta.js';
import type { SessionRecord, SessionSummary } from '../core/record/session-record.js';
import { SessionObject } from '../core/session.js';
import { handleOf } from '../core/session-access.js';
import { userIdText } from '../core/record/session-id.js';
import {
  knowsReferences,
  knowsUsers,
  sealsCookies,
  type SessionStore,
  storeName,
  type UserSessionStore,
} from '../core/store/session-store.js';
import type { Session } from '../decorators/session.decorator.js';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionCapabilityError } from '../errors/session-capability.error.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { loadSession } from '../http/load-session.js';
import { exchangeOf } from '../http/request-session.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';
import { SocketSessions } from '../websocket/socket-sessions.js';

/** A session for a "your devices" page. */
export interface SessionInfo {
  /** The public name of the session, for {@link SessionService.revoke}. */
  readonly handle: string;
  /** The user of the session. If the session acts for another user, this is that user. */
  readonly userId: string | undefined;
  /** The user who is really signed in, if the session acts for another user (`session.actAs()`). */
  readonly actor: string | undefined;
  /** When the session began: with its first data, or with the last `login()`. */
  readonly createdAt: Date;
  /** When the session was last used, at most `touchInterval` old. */
  readonly lastSeenAt: Date;
  /** When the session ends unless it is used again: the earlier of its idle and its absolute deadline. */
  readonly expiresAt: Date;
  /** When the user signed in with `login()`. */
  readonly authenticatedAt: Date | undefined;
  /** The IP address of the client when the session was last seen. Undefined with `trackDevice: false`. */
  readonly ip: string | undefined;
  /** The header `User-Agent` of that client, shortened if it is long. Undefined with `trackDevice: false`. */
  readonly userAgent: string | undefined;
  /** Whether the session is bound to its user's device. Only with the option `deviceBound`. */
  readonly isBound?: boolean;
  /** Whether it is the session that was passed as `current`. */
  readonly current: boolean;
}

/** A handle, a session, or (for the current one) a request. */
export type SessionOrHandle = string | { readonly handle: string } | object;

/**
 * Finds and ends sessions of all users. After it ends a session, every instance refuses the session from the next
 * request on.
 */
@Injectable()
export class SessionService {
  readonly #runtime: SessionRuntime;
  readonly #sockets: SocketSessions;

  /** Nest calls it. @internal */
  constructor(
    @Inject(SESSION_RUNTIME) runtime: SessionRuntime,
    @Inject(SocketSessions) sockets: SocketSessions,
  ) {
    this.#runtime = runtime;
    this.#sockets = sockets;
  }

  /**
   * The session of a request, loaded if necessary. Use it in middleware, in interceptors, and in other code that cannot
   * use a parameter decorator.
   *
   * For a WebSocket, pass the client of a gateway, or the request of the handshake. Each call then reads the session
   * again, for example in `handleConnection`. Store changes with `session.save()`.
   *
   * @param options - `passive: true` marks the request as passive, as `@PassiveSession()` does.
   * @throws SessionUsageError if the session middleware did not run for the request, or only that of another `SessionModule`.
   */
  async load(request: object, { passive }: { passive?: boolean } = {}): Promise<Session> {
    const exchange = this.#sockets.handshakeOf(request)?.begin();
    if (passive !== undefined) (exchange ?? exchangeOf(request))?.use.handledBy(passive);
    return exchange ? ((await exchange.get()) as Session) : loadSession(request, this.#runtime.context);
  }

  /**
   * The sessions of a user, newest first.
   *
   * @param options - `current`: a session, a request or a handle, whose entry gets `current: true`.
   * @throws SessionDataError if `userId` is neither a string of 1 to 255 characters without NUL, nor a finite number.
   * @throws SessionCapabilityError if the store cannot find sessions by user.
   */
  async list(userId: string | number, options: { current?: SessionOrHandle } = {}): Promise<SessionInfo[]> {
    const store = this.#users('list the sessions of a user');
    const user = requireUserId(userId);
    const current = options.current === undefined ? undefined : await this.#handleOf(options.current);
    const find = (): Promise<readonly SessionSummary[]> => store.findByUser(user, this.#now());
    const found = await this.#runtime.shared.call('findByUser', find, [user]);
    return (await this.#recordsOf(found)).map((record) => this.#infoOf(record, current));
  }

  /**
   * One session by its handle, or undefined if it does not exist or has ended.
   *
   * @throws SessionCapabilityError if the store keeps sessions under their ids, or in their cookies.
   */
  async get(handle: string): Promise<SessionInfo | undefined> {
    this.#requireHandles();
    if (!isHandle(handle)) return undefined;
    const record = await this.#recordOf(handle);
    return record === undefined || record.expiresAt <= this.#now()
      ? undefined
      : this.#infoOf(record, undefined);
  }

  /**
   * Ends one session. Returns false if it did not exist.
   *
   * @param options - `userId`: ends the session only if it belongs to this user. Pass it for handles that come from a client.
   * @throws SessionDataError if `userId` is given but not a valid user id.
   * @throws SessionCapabilityError if the store keeps sessions under their ids, or in their cookies.
   */
  async revoke(handle: string, options: { userId?: string | number } = {}): Promise<boolean> {
    // `{ userId: undefined }` must not match every user.
    const owner = 'userId' in options ? requireUserId(options.userId) : undefined;
    this.#requireHandles();
    if (owner !== undefined) this.#users('end a session of a user');
    if (!isHandle(handle)) return false;
    return this.#runtime.engine.ends.one(handle, 'revoked', { userId: owner });
  }

  /**
   * Ends all sessions of a user.
   *
   * @param options - `except`: a handle, a session, or an array of them, which are not ended.
   * @returns The number of ended sessions.
   * @throws SessionDataError if `userId` is not a valid user id.
   * @throws SessionCapabilityError if the store cannot find sessions by user.
   */
  async revokeAll(
    userId: string | number,
    options: { except?: SessionOrHandle | readonly SessionOrHandle[] } = {},
  ): Promise<number> {
    const store = this.#users('end the sessions of a user');
    const user = requireUserId(userId);
    const kept = options.except === undefined ? [] : [options.except].flat();
    const except = await Promise.all(kept.map((session) => this.#handleOf(session)));
    return this.#runtime.engine.ends.ofUser(store, user, except);
  }

  /**
   * Ends all sessions with a reference that was given at their login (`session.login(userId, { reference })`): for example
   * those that began with the session of an OpenID provider that has ended. It is as reliable as {@link revokeAll}.
   *
   * @param options - `userId`: end only those of this user.
   * @returns The number of ended sessions.
   * @throws SessionDataError if `reference` is not a string of 1 to 255 characters without NUL, or `userId` is given but not valid.
   * @throws SessionCapabilityError if the store cannot find sessions by a reference.
   */
  async revokeByReference(reference: string, options: { userId?: string | number } = {}): Promise<number> {
    const owner = 'userId' in options ? requireUserId(options.userId) : undefined;
    const digest = referenceDigest(reference);
    if (digest === undefined)
      throw new SessionDataError(
        messages.referenceInvalid('SessionService.revokeByReference(reference)', describe(reference)),
      );
    const { store, engine } = this.#runtime;
    if (!knowsReferences(store))
      throw new SessionCapabilityError(messages.capability(storeName(store), 'find sessions by a reference'));
    return engine.ends.ofReference(store, digest, owner);
  }

  /**
   * Ends all sessions of all users, for example after a breach (OWASP ASVS 5.0, 7.4.5). Emits no event per session.
   *
   * @returns The number of ended sessions.
   * @throws SessionCapabilityError if the store cannot find sessions by user.
   */
  async revokeEverything(): Promise<number> {
    const store = this.#users('end all sessions');
    return this.#runtime.shared.call('deleteAll', () => store.deleteAll());
  }

  /** The number of sessions, of one user or of all. @throws SessionCapabilityError if the store cannot find sessions by user. */
  async count(options: { userId?: string | number } = {}): Promise<number> {
    const store = this.#users('count sessions');
    const userId = 'userId' in options ? requireUserId(options.userId) : undefined;
    return this.#runtime.shared.call('count', () => store.count(userId, this.#now()), [userId]);
  }

  /**
   * Removes expired sessions, in small batches. This also happens automatically at intervals.
   *
   * @returns The number of removed sessions.
   * @throws SessionCapabilityError if the store keeps no sessions.
   */
  async prune(): Promise<number> {
    const { store } = this.#runtime;
    if (sealsCookies(store))
      throw new SessionCapabilityError(messages.capability(storeName(store), 'remove expired sessions'));
    return (await this.#runtime.pruner?.prune()) ?? 0;
  }

  #now(): number {
    return this.#runtime.options.engine.now();
  }

  async #recordOf(handle: string): Promise<SessionRecord | undefined> {
    const record = await this.#runtime.shared.read(handle);
    return record && recordAt(record, this.#now());
  }

  /** Only the record contains the user for whom a session acts. */
  async #recordsOf(found: readonly SessionSummary[]): Promise<SessionRecord[]> {
    const records = await Promise.all(found.map(({ key }) => this.#recordOf(key)));
    // Sessions that have ended since, or belong to another user by now, are left out.
    return records.filter((record, index) => record?.userId === found[index]!.userId) as SessionRecord[];
  }

  #infoOf(record: SessionRecord, current: string | undefined): SessionInfo {
    const { key, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent } = record;
    const { userId, actor } = personsOf(record);
    return {
      handle: key,
      userId: userId ?? undefined,
      actor,
      createdAt: new Date(createdAt),
      lastSeenAt: new Date(lastSeenAt),
      expiresAt: new Date(expiresAt),
      authenticatedAt: authenticatedAt === null ? undefined : new Date(authenticatedAt),
      ip: ip ?? undefined,
      userAgent: userAgent ?? undefined,
      ...(this.#runtime.options.deviceBound && { isBound: isBoundToDevice(record.meta) }),
      current: key === current,
    };
  }

  #users(capability: string): SessionStore & UserSessionStore {
    const { store } = this.#runtime;
    if (knowsUsers(store)) return store;
    throw new SessionCapabilityError(messages.capability(storeName(store), capability));
  }

  /**
   * Refuses handles if the store cannot find sessions by handle, because it stores them under their ids or in
   * their cookies.
   */
  #requireHandles(): void {
    const { store } = this.#runtime;
    if (store.keepsIds || sealsCookies(store))
      throw new SessionCapabilityError(messages.capability(storeName(store), 'find a session by its handle'));
  }

  async #handleOf(session: SessionOrHandle): Promise<string> {
    const handle = await handleIn(session);
    if (isHandle(handle)) return handle;
    throw new SessionUsageError(messages.noHandle(describe(session)));
  }
}

/** A user id as text. @throws SessionDataError if it is not valid */
function requireUserId(userId: unknown): string {
  const text = userIdText(userId);
  if (text === undefined)
    throw new SessionDataError(messages.userIdInvalid('SessionService, userId', describe(userId)));
  return text;
}

async function handleIn(session: unknown): Promise<unknown> {
  if (typeof session !== 'object' || session === null) return session;
  if (session instanceof SessionObject) return handleOf(session);
  return exchangeOf(session) === undefined
    ? (session as { readonly handle?: unknown }).handle
    : handleIn(await loadSession(session));
}

/** Whether a value may be a handle. Handles come from pages and query strings (CVE-2022-33171). */
function isHandle(handle: unknown): handle is string {
  return typeof handle === 'string' && /^[\x21-\x7e]{1,64}$/.test(handle);
}
