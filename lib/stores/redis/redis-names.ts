/** Redis counts sessions in as many parts, so that no key grows with all of them, and a Cluster spreads them. */
const PARTS = 64;

/**
 * The names of the store's keys. What stands in braces decides the slot of a Redis Cluster: for a session its key, or the
 * key that it had when it began.
 */
export class RedisNames {
  constructor(private readonly prefix: string) {}

  /** Where a session with this key stands, or a pointer to it. */
  session(key: string): string {
    return `${this.prefix}{${key}}`;
  }

  /** Where a session goes that had another key when it began and may not leave its slot. */
  inSlotOf(key: string, newKey: string): string {
    return `${this.session(key)}:${newKey}`;
  }

  /** Whether two names are of one slot: `name` as {@link inSlotOf} or {@link session} makes it. */
  sharesSlot(name: string, key: string): boolean {
    const own = this.session(key);
    return name === own || name.startsWith(`${own}:`);
  }

  /** The index of a user's sessions. */
  user(userId: string): string {
    return `${this.prefix}user:${userId}`;
  }

  /** The part of the index of all sessions that this one is in. */
  part(key: string): string {
    return this.#part(key.charCodeAt(0) % PARTS || 0);
  }

  /** All parts of the index of all sessions. */
  get parts(): string[] {
    return Array.from({ length: PARTS }, (_, index) => this.#part(index));
  }

  #part(index: number): string {
    return `${this.prefix}all:{${index}}`;
  }
}
