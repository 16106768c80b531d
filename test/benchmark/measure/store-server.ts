/** A server that sessions are kept in, seen from outside. */
export interface StoreServer {
  /** What it is, with version and the settings that matter. */
  readonly description: string;
  /** Makes an empty place of that name; resolves with the server's address, where that is found. */
  fresh(place: string): Promise<string>;
  /** Has it look at what is in a place, as it does by itself some time after a table was filled. */
  settle(place: string): Promise<void>;
  /** Statements it has executed for the applications so far; undefined where it does not count them. */
  statements(): Promise<number | undefined>;
  /** Microseconds of CPU it has used; undefined where that cannot be seen. */
  cpu(): number | undefined | Promise<number | undefined>;
  /** Removes a place. */
  remove(place: string): Promise<void>;
  stop(): Promise<void>;
}
