import type { PrunableSessionStore, SessionStore, UserSessionStore } from 'nest-session';

/** A store with very many sessions in it. */
export interface ScaleTarget {
  /** What the table calls it. */
  readonly title: string;
  /** The server, with the settings that matter. */
  readonly server: string;
  readonly store: SessionStore & UserSessionStore & Partial<PrunableSessionStore>;
  /** Adds the rows `from` to before `to`; `false` when there is no room for more. */
  fill(from: number, to: number): Promise<boolean>;
  /** Has the server look at what is in it, as it does by itself some time after a table was filled. */
  settle(): Promise<void>;
  /** Bytes of all parts, such as an index. */
  bytes(): Promise<ReadonlyMap<string, number>>;
  /** Microseconds of CPU that the server has used so far, where that can be seen. */
  cpu?(): Promise<number | undefined>;
  /** Bytes that the server has written to its log so far. */
  logged?(): Promise<number>;
  /** Makes room where rows were removed. */
  vacuum?(): Promise<void>;
  close(): Promise<void>;
}
