import { ownText } from '../core/record/own-text.js';
import type { SessionRequest } from './request-session.js';

/** How many characters are kept of who asked. */
const MOST_OF_IP = 64;
const MOST_OF_AGENT = 512;

/** Who asks: the address as the framework says it, and the beginning of the user agent. */
export function deviceOf(request: SessionRequest): { ip: string | null; userAgent: string | null } {
  const { socket, headers } = request as Partial<SessionRequest>;
  const { ip = socket?.remoteAddress } = request;
  return { ip: beginOf(ip, MOST_OF_IP), userAgent: beginOf(headers?.['user-agent'], MOST_OF_AGENT) };
}

/** The beginning of a text, as a copy: it is kept with the session. */
function beginOf(text: string | undefined, length: number): string | null {
  return text === undefined ? null : ownText(text.slice(0, length));
}
