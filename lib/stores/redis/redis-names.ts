/** The index of all sessions has this many parts, so that no Redis key grows with all of them, and a Cluster spreads them. */
const PARTS = 64;

/** The names of the store's Redis keys. A Cluster finds the slot of a name by what stands in braces. */
export class RedisNames {
  constructor(private readonly prefix: string) {}

  /** Where the session with this key stands. */
  session(key: string): string {
    return `${this.prefix}{${key}}`;
  }

  /** The mark of a write: that it was applied. In the same slot as its session. */
  mark(key: string, version: number): string {
    return `${this.session(key)}:${version}`;
  }

  /** The index of a user's sessions. */
  user(userId: string): string {
    return `${this.prefix}user:${userId}`;
  }

  /** The index of the sessions with a reference. */
  reference(digest: string): string {
    return `${this.prefix}reference:${digest}`;
  }

  /** The part of the index of all sessions that holds the session with this key. */
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
