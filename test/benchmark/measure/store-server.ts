/** A server that sessions are kept in, seen from outside. */
export interface StoreServer {
  /** What it is, with version and the settings that matter. */
  readonly description: string;
  /** Empties it; resolves with the address that the next variant uses. */
  fresh(): Promise<string>;
  /** Has it look at what is in it, as it does by itself some time after a table was filled. */
  settle(): Promise<void>;
  /** Statements it has executed for the application; undefined where it does not count them. */
  statements(): Promise<number | undefined>;
  /** Microseconds of CPU it has used; undefined where that cannot be seen. */
  cpu(): number | undefined | Promise<number | undefined>;
  stop(): Promise<void>;
}
