import type { DynamicModule, INestApplication } from '@nestjs/common';

/** What every key in Redis begins with: the server may be somebody's own. */
export const KEY_PREFIX = 'nest-session-benchmark:';

/** What keys of one variant begin with. */
export function prefixOf(place: string): string {
  return `${KEY_PREFIX}${place}:`;
}

/** Where a variant's sessions are kept. */
export interface Surroundings {
  /** The address of the PostgreSQL database or the Redis that the variant asked for. */
  readonly url: string;
  /** What a variant's own place there is called. */
  readonly place: string;
  readonly secret: string;
  /** The variant's own. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How sessions come into the application, as a user of them would write it. */
export interface Setup {
  /** Modules to import. */
  readonly imports?: DynamicModule[];
  /** What `main.ts` does before it listens. */
  readonly prepare?: (app: INestApplication) => Promise<void> | void;
  /** Has the store remove expired sessions, where that is not for SessionService to do. */
  readonly prune?: () => Promise<void>;
  /** Runs after the application has closed. */
  readonly close?: () => Promise<void> | void;
}

/** What each file of `app/stores/` exports as its default. */
export type SetUp = (surroundings: Surroundings) => Promise<Setup> | Setup;
