import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../sample/support/embedded-postgres.js';

/** A PostgreSQL of the spec's own, which it may stop and kill. */
export interface OwnServer extends EmbeddedPostgres {
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Starts a PostgreSQL in a temporary folder, with further settings of the server. */
export async function startServer(settings: Record<string, string> = {}): Promise<OwnServer> {
  const dataDir = join(tmpdir(), `nest-session-test-${Date.now()}-${randomBytes(4).toString('hex')}`);
  const server = await startEmbeddedPostgres({ dataDir, durable: false, settings });
  return Object.assign(server, {
    async remove() {
      await server.stop();
      await rm(server.dataDir, { recursive: true, force: true });
    },
  });
}
