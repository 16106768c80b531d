import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isCsrfToken } from '../core/record/csrf-token.js';
import { isCsrfTokenOf } from '../core/session-access.js';
import type { Session } from '../decorators/session.decorator.js';
import { CsrfError } from '../errors/access/csrf.error.js';
import { loadSession } from '../http/load-session.js';
import { exchangeOf } from '../http/request-session.js';
import { resolveTrustedOrigins } from '../options/csrf-options.js';
import type { HttpSettings } from '../options/resolved-options.js';
import type { SessionModuleOptions } from '../options/session-options.interface.js';
import { SESSION_OPTIONS, SKIP_CSRF } from '../session.constants.js';
import { requestOf } from '../transport/request-of.js';
import { withClientErrors } from '../transport/with-session.js';
import { handshakeOfClient } from '../websocket/handshake.js';
import { SocketExchange } from '../websocket/socket-exchange.js';
import { type GuardedRequest, isOwnOrigin } from './request-origin.js';

type CsrfSettings = Pick<HttpSettings, 'trustedOrigins' | 'proxy'>;

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Refuses requests that a page of another site sends with the visitor's cookie (OWASP ASVS 5.0, 3.5.1), with 403 and a
 * {@link CsrfError}. Requests with safe methods pass. Other requests are checked in this order:
 *
 * 1. `Sec-Fetch-Site: same-origin` or `none` passes: the request comes from the application itself, or from the user.
 * 2. An origin of `csrf.trustedOrigins` passes. Any other `cross-site` or `same-site` request is refused, even with a token: a
 *   sibling subdomain may belong to someone else.
 * 3. Without that header (old browsers, and plain HTTP except on `localhost`), `Origin` must be the application's own.
 * 4. If `Origin` is missing or `null`, a token of `@CsrfToken()` passes, in the header `x-csrf-token` or the field `_csrf` of a
 *    parsed body. It is never read from the URL, because URLs appear in logs and in `Referer`.
 * 5. Without these headers, a request without cookies and password (`Authorization: Basic` and the like) passes: a request of a
 *   server or of a script with a bearer token has no credentials that another site could misuse. Very old browsers, which send
 *   no `Origin`, are not protected against attacks that need no cookie (login CSRF, client certificates, networks that trust
 *   addresses). Override {@link hasNoCredentials} to require a token from them, too.
 *
 * The body must be parsed before guards run. Multipart forms on Express are not (Multer is an interceptor): send the
 * header with those. A GET is never refused, so its handler must not change anything. Messages of WebSockets are
 * refused if the handshake came from another origin, see {@link mayConnect}. Messages of microservices pass.
 *
 * You can override every step.
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_GUARD, useClass: CsrfGuard }]
 * ```
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
@Injectable()
export class CsrfGuard implements CanActivate {
  readonly #settings: CsrfSettings;

  constructor(
    protected readonly reflector: Reflector,
    @Inject(SESSION_OPTIONS) { csrf, proxy }: SessionModuleOptions,
  ) {
    this.#settings = { trustedOrigins: resolveTrustedOrigins(csrf), proxy };
  }

  canActivate(context: ExecutionContext): Promise<boolean> {
    return withClientErrors(context, this.#admit(context));
  }

  /**
   * Whether a client may open a WebSocket: pages of other origins may not (cross-site WebSocket hijacking). The guard
   * checks this for each message. Check it in `handleConnection` if your gateway sends before it receives. Clients
   * without an `Origin` are not browsers, and pass.
   *
   * @param client - The client of a gateway, or the request of a handshake.
   * @example
   * ```ts
   * handleConnection(client: Socket) {
   *   if (!this.csrf.mayConnect(client)) client.disconnect(true);
   * }
   * ```
   */
  mayConnect(client: object): boolean {
    const request = (handshakeOfClient(client)?.request ?? client) as GuardedRequest;
    return this.isTrustedSource(request) ?? request.headers.origin === undefined;
  }

  async #admit(context: ExecutionContext): Promise<boolean> {
    if (this.isSkipped(context)) return true;
    const request = this.getRequest(context);
    if (exchangeOf(request) instanceof SocketExchange) {
      if (this.mayConnect(request)) return true;
      throw this.whenRefused(context);
    }
    if (this.isSafe(request)) return true;
    const isOwn = this.isTrustedSource(request);
    if (isOwn === true) return true;
    if (isOwn === false) throw this.whenRefused(context);
    if (this.hasNoCredentials(request) || (await this.hasValidToken(request))) return true;
    throw this.whenTokenless(context);
  }

  /**
   * Whether the request is not checked: `@SkipCsrf()`, or a message of a microservice. The decorator of the method
   * overrides that of the class.
   */
  protected isSkipped(context: ExecutionContext): boolean {
    if (context.getType() === 'rpc') return true;
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<boolean | undefined>(SKIP_CSRF, targets) ?? false;
  }

  /** The request of a context. */
  protected getRequest(context: ExecutionContext): GuardedRequest {
    return requestOf(context) as GuardedRequest;
  }

  /** Whether the HTTP method is safe. */
  protected isSafe({ method }: GuardedRequest): boolean {
    return method !== undefined && SAFE_METHODS.has(method);
  }

  /** Whether the request comes from the application's own pages, or from trusted ones; undefined if that is unknown. */
  protected isTrustedSource(request: GuardedRequest): boolean | undefined {
    const { origin, 'sec-fetch-site': site } = request.headers;
    const isNamed = origin !== undefined && origin !== '' && origin !== 'null';
    if (site === 'same-origin' || site === 'none') return true;
    if (isNamed && this.isTrusted(origin, request)) return true;
    if (site) return false;
    return isNamed ? this.isOwn(origin, request) : undefined;
  }

  /** Whether an origin is in the option `csrf.trustedOrigins`. */
  protected isTrusted(origin: string, request: GuardedRequest): boolean {
    return this.#settingsFor(request).trustedOrigins?.has(origin) ?? false;
  }

  /** Whether an origin is the application's own. */
  protected isOwn(origin: string, request: GuardedRequest): boolean {
    return isOwnOrigin(origin, request, this.#settingsFor(request).proxy);
  }

  /** The options of the `SessionModule` whose session the request has. */
  #settingsFor(request: GuardedRequest): CsrfSettings {
    return exchangeOf(request)?.context.http ?? this.#settings;
  }

  /** Whether the request has no credentials that another site could misuse: no cookie, no password and no `Origin`. */
  protected hasNoCredentials({ headers }: GuardedRequest): boolean {
    return (
      headers.cookie === undefined && headers.origin === undefined && !hasPassword(headers.authorization)
    );
  }

  /**
   * Whether the request has a token of its session. The session is loaded only if the text has the format of a
   * token.
   */
  protected async hasValidToken(request: GuardedRequest): Promise<boolean> {
    const token = this.getToken(request);
    return isCsrfToken(token) && isCsrfTokenOf(await this.getSession(request), token);
  }

  /** The token in the request, unchecked. */
  protected getToken({ headers, body }: GuardedRequest): unknown {
    const header = headers['x-csrf-token'];
    if (header !== undefined) return header;
    const isObject = typeof body === 'object' && body !== null;
    return isObject && Object.hasOwn(body, '_csrf') ? (body as { _csrf: unknown })._csrf : undefined;
  }

  /** The session of the request, loaded if necessary. */
  protected getSession(request: GuardedRequest): Promise<Session> {
    return loadSession(request);
  }

  /** The error for a request from another origin. */
  protected whenRefused(_context: ExecutionContext): Error {
    return new CsrfError('CSRF_REFUSED');
  }

  /** The error for a request without origin and token. */
  protected whenTokenless(_context: ExecutionContext): Error {
    return new CsrfError('CSRF_TOKEN_REQUIRED');
  }
}

/** Whether browsers add this kind of authorization to every request automatically. */
function hasPassword(authorization: string | undefined): boolean {
  return /^\s*(basic|digest|negotiate|ntlm)\b/i.test(authorization ?? '');
}
