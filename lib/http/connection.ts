import type { IncomingMessage } from 'node:http';

/** A request of whatever framework: Express says whether the connection to the client is secure. */
type AnyRequest = IncomingMessage & { readonly secure?: boolean };

/**
 * Whether a client's connection is secure. `proxy`: whether to believe `X-Forwarded-Proto`; undefined leaves that to
 * the framework.
 */
export function isSecure({ secure, socket, headers }: AnyRequest, proxy: boolean | undefined): boolean {
  if ((socket as { encrypted?: boolean }).encrypted === true) return true;
  if (proxy === undefined) return secure === true;
  const forwarded = headers['x-forwarded-proto'];
  return proxy && /^\s*https\s*(,|$)/i.test(Array.isArray(forwarded) ? forwarded[0]! : (forwarded ?? ''));
}
