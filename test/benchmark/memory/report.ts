/** What the process of one store prints, as JSON. */
export interface MemoryReport {
  readonly sessions: number;
  /** Bytes of the JSON of a session's content. */
  readonly json: number;
  /** Bytes of heap a session. */
  readonly heap: number;
  /** Longest time, in milliseconds, that the event loop was blocked before anything has expired: what the machine does, and what the store does all the time. */
  readonly idleBlock: number;
  /** The same while all sessions expired. */
  readonly expiryBlock: number;
  /** Milliseconds of CPU that the expiry took. */
  readonly expiryCpu: number;
  /** Sessions that are left when expiry is over. */
  readonly left: number;
}
