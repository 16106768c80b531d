import { Inject, Injectable } from '@nestjs/common';
import type { DestroyedReason } from '../core/record/session-events.js';
import { isBoundToDevice } from '../core/record/session-meta.js';
import type { SessionRecord, SessionSummary } from '../core/record/session-record.js';
import { SessionObject } from '../core/session.js';
import { userIdText } from '../core/record/session-id.js';
import {
  knowsUsers,
  sealsCookies,
  type SessionStore,
  storeName,
  type UserSessionStore,
} from '../core/store/session-store.js';
import type { Session } from '../decorators/session.decorator.js';
import { describe, messages } from '../errors/messages.js';
import { SessionCapabilityError } from '../errors/session-capability.error.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { loadSession } from '../http/load-session.js';
import { exchangeOf } from '../http/request-session.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';
import { SocketSessions } from '../websocket/socket-sessions.js';

/** A session as a "your devices" page shows it. */
export interface SessionInfo {
  /** The public name of the session: what {@link SessionService.revoke} takes. */
  readonly handle: string;
  /** Whose session it is. */
  readonly userId: string | undefined;
  readonly createdAt: Date;
  /** At most `touchInterval` stale. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** When the user signed in with `login()`. */
  readonly authenticatedAt: Date | undefined;
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
  /** Whether it is bound to the device that its user signed in with. Only with the option `deviceBound`. */
  readonly isBound?: boolean;
  /** Whether it is the session that was passed as `current`. */
  readonly current: boolean;
}

/** A handle, a session, or (for the current one) a request. */
export type SessionReference = string | { readonly handle: string } | object;

/** Finds and ends sessions, whoever's they are. What it ends is dead for the very next request on every instance. */
@Injectable()
export class SessionService {
  readonly #runtime: SessionRuntime;
  readonly #sockets: SocketSessions;

  constructor(
    @Inject(SESSION_RUNTIME) runtime: SessionRuntime,
    @Inject(SocketSessions) sockets: SocketSessions,
  ) {
    this.#runtime = runtime;
    this.#sockets = sockets;
  }

  /**
   * The session of a request, loaded if it is not yet: for middleware, interceptors and whatever has no parameter.
   *
   * Of a WebSocket (the client that a gateway is given, or the request of its handshake) it is the session as it is now, read
   * anew with each call: for `handleConnection` and for whatever sends by itself. What is changed in it is stored by
   * `session.save()`.
   *
   * @throws SessionUsageError when the session middleware did not run for the request, or that of another `SessionModule`.
   */
  async load(request: object): Promise<Session> {
    const handshake = this.#sockets.handshakeOf(request);
    return handshake
      ? ((await handshake.begin().get()) as Session)
      : loadSession(request, this.#runtime.context);
  }

  /**
   * The sessions of a user, newest first.
   *
   * @param options - `current`: a session, a request or a handle; the entry that is it has `current: true`.
   * @throws SessionDataError when `userId` is none: a string of 1 to 255 characters without NUL, or a finite number.
   * @throws SessionCapabilityError when the store does not know users.
   */
  async list(userId: string | number, options: { current?: SessionReference } = {}): Promise<SessionInfo[]> {
    const store = this.#users('list the sessions of a user');
    const user = requireUserId(userId);
    const current = options.current === undefined ? undefined : await this.#handleOf(options.current);
    const find = (): Promise<readonly SessionSummary[]> => store.findByUser(user, this.#now());
    const found = await this.#runtime.shared.call('findByUser', find, [user]);
    const records = await this.#recordsOf(found);
    return found.map((summary, index) => infoOf(summary, records[index], current));
  }

  /**
   * One session by its handle, or undefined where there is none (any more).
   *
   * @throws SessionCapabilityError when the store keeps sessions under their ids, or not at all.
   */
  async get(handle: string): Promise<SessionInfo | undefined> {
    this.#requireHandles();
    if (!isHandle(handle)) return undefined;
    const record = await this.#runtime.shared.read(handle);
    return record === undefined || record.expiresAt <= this.#now()
      ? undefined
      : infoOf(record, this.#runtime.options.deviceBound && record, undefined);
  }

  /**
   * Ends one session; false where there was none.
   *
   * @param options - `userId`: end it only if it is a session of this user, for handles that come from a page.
   * @throws SessionDataError when `userId` is given and none.
   * @throws SessionCapabilityError when the store keeps sessions under their ids, or not at all.
   */
  async revoke(handle: string, options: { userId?: string | number } = {}): Promise<boolean> {
    // A user who turns out to be undefined must not stand for everybody.
    const owner = 'userId' in options ? requireUserId(options.userId) : undefined;
    this.#requireHandles();
    if (owner !== undefined) this.#users('end a session of a user');
    if (!isHandle(handle)) return false;
    const { shared } = this.#runtime;
    const ended = await (owner === undefined ? shared.delete(handle) : shared.deleteOwned(owner, handle));
    if (ended) this.#tell('revoked', handle, owner);
    return ended;
  }

  /**
   * Ends all sessions of a user.
   *
   * @param options - `except`: a handle, a session, or an array of them, that stay.
   * @returns How many sessions ended.
   * @throws SessionDataError when `userId` is none.
   * @throws SessionCapabilityError when the store does not know users.
   */
  async revokeAll(
    userId: string | number,
    options: { except?: SessionReference | readonly SessionReference[] } = {},
  ): Promise<number> {
    const store = this.#users('end the sessions of a user');
    const user = requireUserId(userId);
    const kept = options.except === undefined ? [] : [options.except].flat();
    const except = await Promise.all(kept.map((reference) => this.#handleOf(reference)));
    const end = (): Promise<readonly string[]> => store.deleteByUser(user, except);
    const ended = await this.#runtime.shared.call('deleteByUser', end, [user]);
    for (const handle of ended) this.#tell('revoked', handle, user);
    return ended.length;
  }

  /**
   * Ends every session of everybody, for example after a breach (OWASP ASVS 5.0, 7.4.5). Tells of no single session.
   *
   * @returns How many sessions ended.
   * @throws SessionCapabilityError when the store does not know users.
   */
  async revokeEverything(): Promise<number> {
    const store = this.#users('end all sessions');
    return this.#runtime.shared.call('deleteAll', () => store.deleteAll());
  }

  /** How many sessions there are, of a user or of everybody. @throws SessionCapabilityError when the store does not know users. */
  async count(options: { userId?: string | number } = {}): Promise<number> {
    const store = this.#users('count sessions');
    const userId = 'userId' in options ? requireUserId(options.userId) : undefined;
    return this.#runtime.shared.call('count', () => store.count(userId, this.#now()), [userId]);
  }

  /**
   * Removes what has expired, in small batches; it happens by itself, too.
   *
   * @returns How many sessions were removed.
   * @throws SessionCapabilityError when the store keeps no sessions.
   */
  async prune(): Promise<number> {
    const { store } = this.#runtime;
    if (sealsCookies(store))
      throw new SessionCapabilityError(messages.capability(storeName(store), 'remove expired sessions'));
    return (await this.#runtime.pruner?.prune()) ?? 0;
  }

  /** The records behind a list, where they say more than it does. */
  #recordsOf(found: readonly SessionSummary[]): Promise<readonly (SessionRecord | undefined)[]> {
    const { options, shared } = this.#runtime;
    if (options.deviceBound === undefined) return Promise.resolve([]);
    return Promise.all(found.map(({ key }) => shared.read(key)));
  }

  #now(): number {
    return this.#runtime.options.engine.now();
  }

  #users(capability: string): SessionStore & UserSessionStore {
    const { store } = this.#runtime;
    if (knowsUsers(store)) return store;
    throw new SessionCapabilityError(messages.capability(storeName(store), capability));
  }

  /** A store that keeps sessions under their ids, or not at all, cannot find one by its handle: no way leads back from there. */
  #requireHandles(): void {
    const { store } = this.#runtime;
    if (store.keepsIds || sealsCookies(store))
      throw new SessionCapabilityError(messages.capability(storeName(store), 'find a session by its handle'));
  }

  async #handleOf(reference: SessionReference): Promise<string> {
    const handle = await handleIn(reference);
    if (isHandle(handle)) return handle;
    throw new SessionUsageError(messages.noHandle(describe(reference)));
  }

  #tell(reason: DestroyedReason, handle: string, userId?: string): void {
    const { events } = this.#runtime;
    if (events.hasListeners('destroyed'))
      events.emit({
        type: 'destroyed',
        at: new Date(this.#now()),
        handle,
        reason,
        ...(userId && { userId }),
      });
  }
}

function infoOf(
  summary: SessionSummary,
  record: SessionRecord | undefined,
  current: string | undefined,
): SessionInfo {
  const { key, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent } = summary;
  return {
    handle: key,
    userId: userId ?? undefined,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    authenticatedAt: authenticatedAt === null ? undefined : new Date(authenticatedAt),
    ip: ip ?? undefined,
    userAgent: userAgent ?? undefined,
    ...(record && { isBound: isBoundToDevice(record.meta) }),
    current: key === current,
  };
}

/** @throws SessionDataError for what no user can be called. */
function requireUserId(userId: unknown): string {
  const text = userIdText(userId);
  if (text === undefined)
    throw new SessionDataError(messages.userIdInvalid('SessionService, userId', describe(userId)));
  return text;
}

async function handleIn(reference: unknown): Promise<unknown> {
  if (typeof reference !== 'object' || reference === null) return reference;
  if (reference instanceof SessionObject) return reference.handle;
  return exchangeOf(reference) === undefined
    ? (reference as { readonly handle?: unknown }).handle
    : (await loadSession(reference)).handle;
}

/** Handles come back from pages and query strings: what cannot be one is not looked up (CVE-2022-33171). */
function isHandle(handle: unknown): handle is string {
  return typeof handle === 'string' && /^[\x21-\x7e]{1,64}$/.test(handle);
}
