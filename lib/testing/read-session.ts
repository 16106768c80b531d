import type { INestApplicationContext } from '@nestjs/common';
import { SessionLoader } from '../core/engine/session-loader.js';
import type { SessionRecord } from '../core/record/session-record.js';
import { SessionReporter } from '../core/record/session-events.js';
import type { SessionState } from '../core/request/session-state.js';
import { type CookieSource, cookieIn } from './cookie-from.js';
import type { TestSessionData } from './open-session.js';
import { ownRequest } from './own-request.js';
import { runtimeOf } from './runtime-of.js';

/** A session as {@link readSession} finds it in the store. */
export interface StoredSession {
  /** The application's data. */
  readonly data: TestSessionData;
  /** The flash values that wait to be read, in order, by key. */
  readonly flash: Readonly<Record<string, readonly unknown[]>>;
  /** Whose session it is. */
  readonly userId: string | undefined;
  /** The public name of the session: what `SessionService.revoke` takes. */
  readonly handle: string;
  readonly createdAt: Date;
  /** At most `touchInterval` stale. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** When the user signed in with `login()`. */
  readonly authenticatedAt: Date | undefined;
}

/**
 * The session of a cookie, as the next request would find it. This only reads: it does not touch the session, takes no flash
 * value, emits no event, and leaves expired sessions in the store.
 *
 * @param app - The application, or the compiled `TestingModule`.
 * @param cookie - The `Cookie` header of the session's client, a `Set-Cookie` header or an array of them, or a response of
 * supertest, `fetch` or Fastify's `inject`. A response to a session that has its cookie already sets none: then give the
 * cookie, or `cookieFrom(response, cookie)`.
 * @returns The session; undefined where there is none (any more), or the cookie is not one of this application.
 * @throws SessionUsageError when the application has no `SessionModule`, or `cookie` is neither of these.
 * @throws SessionStoreError when the store fails.
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

  // Of the loader only what checks a record: what finds one tells of it.
  const loader = new SessionLoader(settings, shared, new SessionReporter(events, settings.now));
  const record = await loader.recordOf(opened);
  if (record === undefined || loader.tokenStatusOf(id, record) === 'superseded') return undefined;
  if (!loader.isAlive(record)) return undefined;
  try {
    return viewOf(engine.adopt(id, record, exchange), record);
  } catch {
    return undefined; // a record that cannot be read is no session
  }
}

/** @throws SyntaxError when the record's `data` cannot be read. */
function viewOf(state: SessionState, { createdAt, lastSeenAt, expiresAt, authenticatedAt }: SessionRecord) {
  const data = {};
  state.fill(data);
  const flash = Object.entries(state.meta.flash ?? {});
  return {
    data,
    flash: Object.fromEntries(flash.map(([key, entries]) => [key, entries.map(([, value]) => value)])),
    userId: state.owner ?? undefined,
    handle: state.key,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    authenticatedAt: authenticatedAt === null ? undefined : new Date(authenticatedAt),
  };
}
