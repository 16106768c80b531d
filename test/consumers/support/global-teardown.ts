import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as Shared from '../../support/global-teardown.js';

// As in ../../support/global-setup.ts.
const { default: stopServers } = createRequire(import.meta.url)(
  '../../support/global-teardown.ts',
) as typeof Shared;

/** Stops and removes what global-setup.ts has started and made. */
export default async function globalTeardown(): Promise<void> {
  const { CONSUMERS_FOLDER: folder } = process.env;
  await stopServers();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
