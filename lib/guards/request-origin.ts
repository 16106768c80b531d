import type { IncomingMessage } from 'node:http';
import { isSecure } from '../http/connection.js';

/** A request of Express or Fastify. */
export interface GuardedRequest extends Pick<IncomingMessage, 'method' | 'headers' | 'socket'> {
  /** Host with port, and scheme, according to the framework's trust in proxies. */
  readonly host?: string;
  /** The same in Fastify 4; elsewhere without the port. */
  readonly hostname?: string;
  readonly protocol?: string;
  /** The application, in Express. */
  readonly app?: { get?(setting: string): unknown };
  /** The parsed body, if any. */
  readonly body?: unknown;
}

/**
 * Whether an `Origin` header names the origin of the request's target. Over a connection that is known to be secure,
 * only `https://` matches, because an attacker on the network can forge a page of the same host with `http://` (RFC
 * 6454, section 4). If a proxy that is not trusted terminates TLS, both schemes match.
 *
 * @param proxy - Whether to trust `X-Forwarded-Host` and `X-Forwarded-Proto`; undefined uses the setting of the framework.
 */
export function isOwnOrigin(origin: string, request: GuardedRequest, proxy: boolean | undefined): boolean {
  const { protocol, socket, headers } = request;
  const connection = { secure: protocol === 'https', socket, headers } as IncomingMessage & {
    secure: boolean;
  };
  const host = hostOf(request, proxy);
  if (host === undefined) return false;
  const schemes = isSecure(connection, proxy) ? ['https'] : ['https', 'http'];
  return schemes.some((scheme) => originOf(`${scheme}://${host}`) === origin);
}

function hostOf(request: GuardedRequest, proxy: boolean | undefined): string | undefined {
  const { headers } = request;
  // HTTP/2: ":authority" takes precedence over a Host header (RFC 9113, section 8.3.1).
  const direct = text(headers[':authority']) ?? headers.host;
  const believes = proxy ?? expressTrusts(request);
  if (believes === undefined) return request.host ?? request.hostname ?? direct;
  const forwarded = believes ? text(headers['x-forwarded-host']) : undefined;
  return /^\s*([^\s,]+)/.exec(forwarded ?? '')?.[1] ?? direct;
}

/**
 * Whether Express trusts the proxy of a request; undefined in other frameworks. `req.host` cannot be used: in Express 4
 * it has no port and emits a warning.
 */
function expressTrusts({ app, socket }: GuardedRequest): boolean | undefined {
  const trusts = app?.get?.('trust proxy fn') as ((address: unknown, hop: number) => boolean) | undefined;
  return typeof trusts === 'function' ? trusts(socket.remoteAddress, 0) : undefined;
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** An origin as browsers write it: in lower case, without the default port. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
