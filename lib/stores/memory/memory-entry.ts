import { ownText } from '../../core/record/recent-map.js';
import type { SessionRecord, SessionSummary } from '../../core/record/session-record.js';

/** A version is kept as two numbers: the lower one has so many values, the upper one 2^29. */
const LOWER = 2 ** 24;

/** The token before a renewal; most sessions have none. */
interface Previous {
  readonly token: string;
  readonly until: number | null;
}

/**
 * A session in memory, and its neighbours in two linked lists, which need no copying.
 *
 * Most sessions are one object, because there may be millions. V8 stores integers of 32 bits in place, and other numbers as
 * objects. So times are stored as differences, and a version as two numbers.
 */
export class MemoryEntry {
  /** Among all sessions, in the order they were last written. */
  older: MemoryEntry | undefined = undefined;
  newer: MemoryEntry | undefined = undefined;
  /** Among those that end in the same slot. */
  before: MemoryEntry | undefined = undefined;
  after: MemoryEntry | undefined = undefined;

  readonly key: string;
  userId!: string | null;
  reference!: string | null;
  #token!: string;
  #previous!: Previous | null;
  #epoch!: number;
  #upperVersion = -1;
  #lowerVersion = 0;
  #data!: string;
  #meta!: string | null;
  #createdAt!: number;
  #seenAfter!: number;
  #endsAfter!: number;
  #signedInAfter!: number | null;
  #ip!: string | null;
  #userAgent!: string | null;

  /** @param userAgent - The same text for all records that have it. */
  constructor(record: SessionRecord, userAgent = record.userAgent) {
    this.key = record.key;
    this.put(record, userAgent);
  }

  get version(): number {
    return this.#upperVersion * LOWER + this.#lowerVersion;
  }

  get createdAt(): number {
    return this.#createdAt;
  }

  get expiresAt(): number {
    return this.#createdAt + this.#endsAfter;
  }

  /** The record, as a new object. */
  get record(): SessionRecord {
    const createdAt = this.#createdAt;
    const signedInAfter = this.#signedInAfter;
    const previous = this.#previous;
    return {
      key: this.key,
      token: this.#token,
      previousToken: previous === null ? null : previous.token,
      previousUntil: previous === null ? null : previous.until,
      epoch: this.#epoch,
      version: this.version,
      data: this.#data,
      meta: this.#meta,
      userId: this.userId,
      reference: this.reference,
      createdAt,
      lastSeenAt: createdAt + this.#seenAfter,
      expiresAt: createdAt + this.#endsAfter,
      authenticatedAt: signedInAfter === null ? null : createdAt + signedInAfter,
      ip: this.#ip,
      userAgent: this.#userAgent,
    };
  }

  /** The record without data and tokens. */
  get summary(): SessionSummary {
    const { key, epoch, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent } =
      this.record;
    return { key, epoch, version, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, ip, userAgent };
  }

  /** Takes over a record. A touch, which has the same version, leaves the text as it is. */
  put(record: SessionRecord, userAgent: string | null): void {
    const { version, previousToken, createdAt, authenticatedAt } = record;
    if (version !== this.version) {
      this.#data = inOnePiece(record.data);
      this.#meta = record.meta;
    }
    // A copy: it may have been cut out of the body of the request that signed in.
    if (record.userId !== this.userId) this.userId = record.userId && ownText(record.userId);
    this.reference = record.reference;
    this.#token = record.token;
    this.#previous = previousToken === null ? null : { token: previousToken, until: record.previousUntil };
    this.#epoch = record.epoch;
    this.#upperVersion = Math.floor(version / LOWER);
    this.#lowerVersion = version % LOWER;
    this.#createdAt = createdAt;
    this.#seenAfter = record.lastSeenAt - createdAt;
    this.#endsAfter = record.expiresAt - createdAt;
    this.#signedInAfter = authenticatedAt === null ? null : authenticatedAt - createdAt;
    this.#ip = record.ip;
    this.#userAgent = userAgent;
  }
}

/** Flattens a text: JSON.stringify() returns pieces that take more memory. */
function inOnePiece(text: string): string {
  text.charCodeAt(text.length - 1);
  return text;
}

/** Sessions in the order they were last written. */
export class WriteOrder {
  oldest: MemoryEntry | undefined;
  #newest: MemoryEntry | undefined;

  add(entry: MemoryEntry): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  remove(entry: MemoryEntry): void {
    const { older, newer } = entry;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = entry.newer = undefined;
  }

  clear(): void {
    this.oldest = this.#newest = undefined;
  }
}

/** Sessions by the time slot in which they end, so that expired ones are found without a search. */
export class ExpirySlots {
  readonly #first = new Map<number, MemoryEntry>();

  /** @param slot - The length of a slot in milliseconds. */
  constructor(private readonly slot: number) {}

  add(entry: MemoryEntry): void {
    const slot = this.#slotOf(entry);
    const first = this.#first.get(slot);
    entry.after = first;
    if (first !== undefined) first.before = entry;
    this.#first.set(slot, entry);
  }

  remove(entry: MemoryEntry): void {
    const { before, after } = entry;
    if (before !== undefined) before.after = after;
    else if (after !== undefined) this.#first.set(this.#slotOf(entry), after);
    else this.#first.delete(this.#slotOf(entry));
    if (after !== undefined) after.before = before;
    entry.before = entry.after = undefined;
  }

  clear(): void {
    this.#first.clear();
  }

  /** The sessions of the slots that have begun by `time`. The caller may remove them meanwhile. */
  *begunBy(time: number): Generator<MemoryEntry> {
    for (const [slot, first] of this.#first) {
      if (slot * this.slot > time) continue;
      for (let entry: MemoryEntry | undefined = first, next; entry !== undefined; entry = next) {
        next = entry.after;
        yield entry;
      }
    }
  }

  #slotOf({ expiresAt }: MemoryEntry): number {
    return Math.floor(expiresAt / this.slot);
  }
}
