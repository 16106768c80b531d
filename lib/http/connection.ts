import type { IncomingMessage } from 'node:http';

/** A request of whatever framework: Express says whether the connection to the client is secure, Fastify names its protocol. */
type AnyRequest = IncomingMessage & { readonly secure?: boolean; readonly protocol?: string };

/**
 * Whether a client's connection is secure. `proxy`: whether to believe `X-Forwarded-Proto`; undefined leaves that to
 * the framework.
 */
export function isSecure(request: AnyRequest, proxy: boolean | undefined): boolean {
  if ((request.socket as { encrypted?: boolean } | undefined)?.encrypted === true) return true;
  if (proxy === undefined) return request.secure ?? request.protocol === 'https';
  const forwarded = request.headers['x-forwarded-proto'];
  return proxy && /^\s*https\s*(,|$)/i.test(Array.isArray(forwarded) ? forwarded[0]! : (forwarded ?? ''));
}
