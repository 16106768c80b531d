import type { SessionRecord } from '../../core/session-record.js';

/** So many different user agents are remembered. */
const MAX_AGENTS = 1_000;

/**
 * Makes records that take little memory: of one shape, whatever else the caller's has on it (which would cost V8 some
 * 400 bytes each), and with one text for equal user agents.
 */
export class CompactRecords {
  readonly #agents = new Map<string, string>();

  /** A record with the same contents that nobody else holds. */
  of(record: SessionRecord): SessionRecord {
    return {
      key: record.key,
      version: record.version,
      data: record.data,
      meta: record.meta,
      userId: record.userId,
      createdAt: record.createdAt,
      lastSeenAt: record.lastSeenAt,
      expiresAt: record.expiresAt,
      authenticatedAt: record.authenticatedAt,
      ip: record.ip,
      userAgent: this.#shared(record.userAgent),
      previousKey: record.previousKey,
    };
  }

  /** Every request brings its own text of a user agent, of which there are few. */
  #shared(userAgent: string | null): string | null {
    if (userAgent === null) return null;
    const known = this.#agents.get(userAgent);
    if (known !== undefined) return known;
    if (this.#agents.size >= MAX_AGENTS) this.#agents.clear();
    this.#agents.set(userAgent, userAgent);
    return userAgent;
  }
}
