import type { INestApplicationContext } from '@nestjs/common';
import { SessionLoader } from '../core/engine/session-loader.js';
import { personsOf } from '../core/record/identity/identity.js';
import { highestOf } from '../core/record/identity/levels.js';
import type { SessionRecord } from '../core/record/session-record.js';
import { SessionReporter } from '../core/record/session-events.js';
import { levelsIn } from '../core/request/person.js';
import type { SessionState } from '../core/request/session-state.js';
import { type CookieSource, cookieIn } from './cookie-from.js';
import type { TestSessionData } from './open-session.js';
import { ownRequest } from './own-request.js';
import { runtimeOf } from './runtime-of.js';

/** A session as {@link readSession} returns it. */
export interface StoredSession {
  /** The application's data. */
  readonly data: TestSessionData;
  /** The unread flash values, in order, by key. */
  readonly flash: Readonly<Record<string, readonly unknown[]>>;
  /** The user of the session. If the session acts for another user, this is that user. */
  readonly userId: string | undefined;
  /** The user who is really signed in, if the session acts for another user (`session.actAs()`). */
  readonly actor: string | undefined;
  /** The level of the login; 0 without `login()`. */
  readonly level: number;
  /** Whether the session is bound to its user's device (option `deviceBound`). */
  readonly isBound: boolean;
  /** The public name of the session, for `SessionService.revoke`. */
  readonly handle: string;
  /** When the session began: with its first data, or with the last `login()`. */
  readonly createdAt: Date;
  /** When the session was last used, at most `touchInterval` old. */
  readonly lastSeenAt: Date;
  /** When the session ends unless it is used again: the earlier of its idle and its absolute deadline. */
  readonly expiresAt: Date;
  /** When the user signed in with `login()`. */
  readonly authenticatedAt: Date | undefined;
}

/**
 * The session of a cookie, as the next request would see it. This only reads: it does not touch the session, removes no
 * flash value, emits no event, and leaves expired sessions in the store. With the option `deviceBound`, pass the
 * device cookie, too: without it, the next request could not open a bound session.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param cookie - The `Cookie` header of the session's client, a `Set-Cookie` header or an array of them, or a response of
 * supertest, `fetch` or Fastify's `inject`. If the client already had its cookie, the response does not set one. In
 * this case pass the cookie, or `cookieFrom(response, cookie)`.
 * @returns The session; undefined if it does not exist or has ended, if the cookie is not of this application, or if the next
 * request could not open the session because of `deviceBound`.
 * @throws SessionUsageError if the application has no `SessionModule`, or `cookie` is of another type.
 * @throws SessionStoreError if the store fails.
 * @example
 * ```ts
 * const session = await readSession(app, cookie);
 * expect(session?.data.cart).toHaveLength(1);
 * expect(session?.flash.notice).toEqual(['It is in your cart.']);
 * ```
 */
export async function readSession(
  app: INestApplicationContext,
  cookie: CookieSource,
): Promise<StoredSession | undefined> {
  const { engine, shared, events, context } = runtimeOf(app);
  const { settings } = engine;
  const { request, exchange } = ownRequest(app, { cookie: cookieIn('readSession', cookie) });
  const tokens = Array.from(context.http.tokensOf(request, exchange.codec), (token) =>
    exchange.codec.open(token),
  );
  const opened = tokens.find((token) => 'id' in token);
  if (opened === undefined) return undefined;
  const { id } = opened;

  // Uses only the part of the loader that checks a record, because finding one would emit events.
  const loader = new SessionLoader(settings, shared, new SessionReporter(events, settings.now));
  const stored = await loader.recordOf(opened);
  const record = stored && loader.asOfNow(stored);
  if (record === undefined || loader.tokenStatusOf(id, record) === 'superseded') return undefined;
  if (!loader.isAlive(record)) return undefined;
  try {
    const state = engine.adopt(id, record, exchange);
    return exchange.lockOf(record, state.meta) === undefined ? viewOf(state, record) : undefined;
  } catch {
    return undefined; // a record that cannot be read is not a session
  }
}

/** @throws SyntaxError if the record's `data` cannot be read. */
function viewOf(state: SessionState, record: SessionRecord): StoredSession {
  const { createdAt, lastSeenAt, expiresAt, authenticatedAt } = record;
  const { actor, userId } = personsOf(record);
  const data = {};
  state.fill(data);
  const flash = Object.entries(state.meta.flash ?? {});
  return {
    data,
    flash: Object.fromEntries(flash.map(([key, entries]) => [key, entries.map(([, value]) => value)])),
    userId: (actor === undefined ? state.owner : userId) ?? undefined,
    actor,
    level: highestOf(levelsIn(state)),
    isBound: state.meta.device?.key !== undefined,
    handle: state.key,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    authenticatedAt: authenticatedAt === null ? undefined : new Date(authenticatedAt),
  };
}
