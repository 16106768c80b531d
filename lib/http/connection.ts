import type { IncomingMessage } from 'node:http';
import { ownText } from '../core/record/recent-map.js';
import type { SessionRequest } from './request-session.js';

/** A request of any framework. Express has `secure`, Fastify `protocol`. */
type AnyRequest = IncomingMessage & { readonly secure?: boolean; readonly protocol?: string };

/**
 * Whether the client's connection is secure.
 *
 * @param proxy - Whether to trust `X-Forwarded-Proto`; undefined uses the setting of the framework.
 */
export function isSecure(request: AnyRequest, proxy: boolean | undefined): boolean {
  if ((request.socket as { encrypted?: boolean } | undefined)?.encrypted === true) return true;
  if (proxy === undefined) return request.secure ?? request.protocol === 'https';
  const forwarded = request.headers['x-forwarded-proto'];
  return proxy && /^\s*https\s*(,|$)/i.test(Array.isArray(forwarded) ? forwarded[0]! : (forwarded ?? ''));
}

/** How many characters of address and user agent are kept. */
const MOST_OF_IP = 64;
const MOST_OF_AGENT = 512;

/** The client: its address, as the framework determines it, and the beginning of its user agent. */
export function deviceOf(request: SessionRequest): { ip: string | null; userAgent: string | null } {
  const { socket, headers } = request as Partial<SessionRequest>;
  const { ip = socket?.remoteAddress } = request;
  return { ip: beginOf(ip, MOST_OF_IP), userAgent: beginOf(headers?.['user-agent'], MOST_OF_AGENT) };
}

/** A copy of the beginning of a text, because it is kept with the session. */
function beginOf(text: string | undefined, length: number): string | null {
  return text === undefined ? null : ownText(text.slice(0, length));
}
