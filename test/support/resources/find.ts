import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { HAS_SERVERS } from '../scope.js';
import type { ResourceName } from './look-ups.js';

/** Where the process that runs Jest answers (global-setup.ts). */
export const DESK_VARIABLE = 'TEST_RESOURCES_PORT';

export interface Answer {
  readonly place?: string;
  readonly error?: string;
}

/**
 * Asks the process that runs Jest where a resource is, which then looks for it, starts or builds it: once in a run, and not at
 * all if no spec asks. Undefined where there is none. @throws Error where it could not be started or built.
 */
export async function findResource(name: ResourceName): Promise<string | undefined> {
  if (!HAS_SERVERS)
    throw new Error(`npm run test:unit has no servers: run this spec, which needs ${name}, with npm test.`);
  const port = Number(process.env[DESK_VARIABLE]);
  if (!port) throw new Error(`${DESK_VARIABLE} is not set: run Jest with test/support/global-setup.ts.`);
  const request = get({ host: '127.0.0.1', port, path: `/${encodeURIComponent(name)}`, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { place, error } = JSON.parse(await text(response)) as Answer;
  if (error !== undefined) throw new Error(error);
  return place;
}
