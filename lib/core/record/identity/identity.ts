import { type Acting, giveBack, isActedIn } from './acting.js';
import type { Levels } from './levels.js';
import { metaText, parseMeta } from '../session-meta.js';
import type { SessionRecord } from '../session-record.js';
import { parseObject } from '../session-text.js';

/** What is known of the person behind a session, beside whose session it is. */
export interface Identity {
  /** What the user has proved. @defaultValue level 1, at the time of the login */
  readonly levels?: Levels | undefined;
  /** For whom the user acts. */
  readonly acting?: Acting | undefined;
}

/** Most sessions do not act for another user, so their meta need not be parsed for this. */
const ACTING = '"acting"';

/**
 * A record as it counts at a time. If the time to act for somebody is over, that is the session as the actor's again, in the
 * next epoch and with an id to be renewed; or a session that has ended. Every request that reads the record sees the same,
 * and the first that can stores it.
 */
export function recordAt(record: SessionRecord, now: number): SessionRecord {
  const { acting, ...meta } = metaWithActing(record);
  if (acting === undefined || acting.until > now) return record;
  const data = dataOf(record);
  if (data === undefined || !isActedIn(data, acting)) return record;
  if (acting.onLimit === 'end') return { ...record, expiresAt: Math.min(record.expiresAt, acting.until) };
  giveBack(data, acting);
  const { csrf: _, ...rest } = meta;
  return {
    ...record,
    data: JSON.stringify(data),
    meta: metaText(rest),
    epoch: record.epoch + 1,
    due: 'renewal',
  };
}

/** Who a session is about, and who really acts in it. */
export interface Persons {
  readonly userId?: string | null;
  /** The owner of the session, where another user is acted for. */
  readonly actor?: string;
}

/** Who a record is about. */
export function personsOf(record: {
  readonly userId?: string | null;
  readonly meta?: string | null;
}): Persons {
  const { userId } = record;
  const { acting } = metaWithActing(record);
  return acting === undefined || userId == null
    ? { userId: userId ?? null }
    : { userId: acting.as, actor: userId };
}

function metaWithActing({ meta }: { readonly meta?: string | null }): ReturnType<typeof parseMeta> {
  if (!meta?.includes(ACTING)) return {};
  try {
    return parseMeta(meta);
  } catch {
    return {}; // found to be corrupt where it is read for its values
  }
}

function dataOf({ data }: SessionRecord): object | undefined {
  try {
    return parseObject(data);
  } catch {
    return undefined; // found to be corrupt where it is read for its values
  }
}
