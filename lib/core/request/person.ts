import { type Acting, isActedIn } from '../record/identity/acting.js';
import type { Identity } from '../record/identity/identity.js';
import type { Levels } from '../record/identity/levels.js';
import { userIdText } from '../record/session-id.js';
import type { SessionMeta } from '../record/session-meta.js';
import type { SessionRecord } from '../record/session-record.js';
import type { SessionRules } from './session-rules.js';

/** The facts about the user of a session: the record, and the current data. */
export interface SessionOfPerson {
  readonly base: SessionRecord | undefined;
  readonly meta: SessionMeta;
  readonly content: { readonly data: object } | undefined;
  readonly settings: Pick<SessionRules, 'userIdOf'>;
}

/**
 * The owner of the session: the user given to `login()`, unless the application has changed `userId`, else the
 * user in the data. While acting for another user, the actor stays the owner.
 */
export function ownerIn(session: SessionOfPerson): string | null {
  const { base, content } = session;
  if (content === undefined || actingIn(session) !== undefined) return base?.userId ?? null;
  const { data } = content;
  const isOwn = base?.userId === String((data as { userId?: unknown }).userId);
  if (isOwn && base.authenticatedAt !== null) return base.userId;
  return userIdText(session.settings.userIdOf(data)) ?? null;
}

/** The user for whom the owner acts, unless the application has changed `userId`. */
export function actingIn({ meta: { acting }, content }: SessionOfPerson): Acting | undefined {
  return acting === undefined || !content || isActedIn(content.data, acting) ? acting : undefined;
}

/** The levels of the session: level 1 at the login if nothing else is stored. */
export function levelsIn(session: SessionOfPerson): Levels {
  const { base, meta } = session;
  const owner = ownerIn(session);
  if (base == null || owner === null || owner !== base.userId) return [];
  return meta.levels ?? (base.authenticatedAt === null ? [] : [[1, base.authenticatedAt]]);
}

/** The identity facts of the session; none if the application has put another user into the data. */
export function identityIn(session: SessionOfPerson): Identity {
  if (ownerIn(session) !== (session.base?.userId ?? null)) return {};
  return { levels: session.meta.levels, acting: actingIn(session) };
}
