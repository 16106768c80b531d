import type { SessionMeta } from '../record/session-meta.js';
import type { SessionRecord } from '../record/session-record.js';
import type { KeyChanges } from '../record/session-text.js';
import type { FlashChanges } from './flash.js';
import type { KeptCookie } from './own-cookie.js';

/**
 * The status of a request's copy of a session: not stored yet, stored (its `base`), ended by this request, ended elsewhere
 * (somebody else may have signed in to it, which ends it for this request), locked (the request sees an empty
 * session instead, and must not change it), or no longer the session of the request.
 */
export type SessionStatus = 'new' | 'loaded' | 'ended here' | 'ended elsewhere' | 'locked' | 'detached';

/** The changes of a request that are not stored yet. */
export interface LocalChanges {
  readonly data: KeyChanges;
  readonly flash: FlashChanges | undefined;
  readonly cookie: KeptCookie | undefined;
}

/** A session that was found by its cookie. */
export interface LoadedSession {
  /** The id that the request continues with. */
  readonly id: string;
  readonly record: SessionRecord;
  readonly meta: SessionMeta;
  /** Whether that id must be sent to the client, which came with the id before a scheduled renewal. */
  readonly hasRenewedId?: boolean;
}
