import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import type { SessionMeta } from '../record/session-meta.js';

interface Held {
  readonly data: string | undefined;
  readonly flash: SessionMeta['flash'];
}

/**
 * Refuses more data than is allowed, flash values included. Data that is stored already may stay, but not grow, so that a
 * lowered limit is no outage.
 *
 * @throws SessionDataError naming the size.
 */
export function refuseTooLarge(next: Held, stored: Held, maxBytes: number): void {
  const bytes = bytesOf(next);
  if (bytes > maxBytes && bytes > bytesOf(stored))
    throw new SessionDataError(messages.tooLarge(bytes, maxBytes));
}

function bytesOf({ data = '', flash }: Held): number {
  return Buffer.byteLength(data) + (flash === undefined ? 0 : Buffer.byteLength(JSON.stringify(flash)));
}
