import type { IncomingMessage } from 'node:http';
import { isSecure } from '../http/connection.js';

/** A request as Express and Fastify hand it to guards. */
export interface GuardedRequest extends Pick<IncomingMessage, 'method' | 'headers' | 'socket'> {
  /** Host and port, and the scheme, as the framework's trust in proxies has them. */
  readonly host?: string;
  /** The same in Fastify 4; elsewhere without the port. */
  readonly hostname?: string;
  readonly protocol?: string;
  /** The application, in Express. */
  readonly app?: { get?(setting: string): unknown };
  /** What a body parser made of the body, where one ran. */
  readonly body?: unknown;
}

/**
 * Whether an `Origin` header names the origin that the request went to. Over a connection that is known to be secure that
 * is an origin of HTTPS alone: anybody on the network can write a page of `http://` the same host (RFC 6454, section 4).
 * Where TLS ends at a proxy that is not trusted, either scheme will do.
 *
 * @param proxy - Whether to believe `X-Forwarded-Host` and `X-Forwarded-Proto`; undefined leaves that to the framework.
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
  // HTTP/2 has it in ":authority", which counts more than a Host header (RFC 9113, section 8.3.1).
  const direct = text(headers[':authority']) ?? headers.host;
  const believes = proxy ?? expressTrusts(request);
  if (believes === undefined) return request.host ?? request.hostname ?? direct;
  const forwarded = believes ? text(headers['x-forwarded-host']) : undefined;
  return /^\s*([^\s,]+)/.exec(forwarded ?? '')?.[1] ?? direct;
}

/**
 * Whether Express trusts the proxy that a request came through; undefined in other frameworks. Not by way of
 * `req.host`: Express 4 leaves the port out of it, and warns of its use.
 */
function expressTrusts({ app, socket }: GuardedRequest): boolean | undefined {
  const trusts = app?.get?.('trust proxy fn') as ((address: unknown, hop: number) => boolean) | undefined;
  return typeof trusts === 'function' ? trusts(socket.remoteAddress, 0) : undefined;
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** As browsers write it: in lower case, without the scheme's own port. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
