import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One server, runtime or set-up that the package is tried with. */
export interface Part {
  /** How the command line names it. */
  readonly name: string;
  /** Gets what it needs and starts it. @throws Unavailable where it cannot be had. */
  readonly start: (stage: Stage) => Promise<Trial>;
}

/** What is running, and what is run against it. */
export interface Trial {
  /** The versions of what is running, for the summary. */
  readonly versions: string;
  /** Variables that lead the tests to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Paths of tests, as Jest takes them. */
  readonly tests: readonly string[];
  /** Only the tests whose full name matches. */
  readonly only?: string;
}

/** A server that cannot be had here. */
export class Unavailable extends Error {
  constructor(what: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${what} cannot be had here: ${reason}`, { cause });
  }
}

/** What was downloaded stays here, for the next run. */
export const CACHE = join(tmpdir(), 'nest-session-servers');

/** A place for one part, which ends with all that was started in it. */
export class Stage {
  readonly #ends: (() => unknown)[] = [];

  /** A new folder, which every account may pass. */
  async folder(): Promise<string> {
    await mkdir(CACHE, { recursive: true });
    const folder = await mkdtemp(join(CACHE, 'run-'));
    await chmod(folder, 0o711);
    this.atEnd(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** Runs it at the end, in the opposite order. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}
