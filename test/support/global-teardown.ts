import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as Servers from './servers.js';

// As in global-setup.ts.
const servers = createRequire(import.meta.url)('./servers.ts') as typeof Servers;

/** Stops what global-setup.ts has started. */
export default async function globalTeardown(): Promise<void> {
  servers.sayWhatWasMissing();
  if (!process.env.CONSUMERS_ARCHIVE && process.env.CI_SERVERS !== 'required')
    process.stderr.write('\nNOT TESTED, as it needs a package registry: `npm run test:consumers`.\n');
  const server = globalThis.testPostgres;
  if (!server) return;
  globalThis.testPostgres = undefined;
  delete process.env.TEST_DATABASE_URL; // for the next run, in watch mode
  await server.stop(); // not kill(), which would leave its shared memory in the system
  await rm(server.dataDir, { recursive: true, force: true });
}
