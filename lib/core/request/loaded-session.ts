import type { SessionMeta } from '../record/session-meta.js';
import type { SessionRecord } from '../record/session-record.js';
import type { KeyChanges } from '../record/session-text.js';
import type { FlashChanges } from './flash-changes.js';
import type { KeptCookie } from './own-cookie.js';

/**
 * What a request's copy of a session is: not stored yet, stored as its `base` says, ended by this request, ended by
 * somebody else (or signed in by somebody else, which ends it for this request), locked (the request sees an empty session in
 * its place, and must not change it), or none of the request's any more.
 */
export type SessionStatus = 'new' | 'loaded' | 'ended here' | 'ended elsewhere' | 'locked' | 'detached';

/** What a request changed and has not stored. */
export interface LocalChanges {
  readonly data: KeyChanges;
  readonly flash: FlashChanges | undefined;
  readonly cookie: KeptCookie | undefined;
}

/** A session that was found by its cookie. */
export interface LoadedSession {
  /** The id that the request goes on with. */
  readonly id: string;
  readonly record: SessionRecord;
  readonly meta: SessionMeta;
  /** Whether that id has to be handed to the client, which came with the one before a scheduled renewal. */
  readonly isHandedOn?: boolean;
}
