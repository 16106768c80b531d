import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** The oldest TypeORM that the store works with. */
const OLDEST = [0, 3, 20] as const;

/**
 * The installation allows every version, so that an application without this store may have any; the store refuses those
 * that are too old. A version that cannot be told, as in a bundle, is let pass.
 *
 * @throws SessionOptionsError for a TypeORM that is too old.
 */
export function requireTypeOrm(version: string | undefined = installedVersion()): void {
  if (version === undefined) return;
  const given = version.split(/[.-]/).map(Number);
  const index = OLDEST.findIndex((part, at) => part !== given[at]);
  if (index >= 0 && given[index]! < OLDEST[index]!)
    throw new SessionOptionsError(messages.typeOrmTooOld(OLDEST.join('.'), version));
}

function installedVersion(): string | undefined {
  try {
    // Not every version lets its package.json be required.
    const folder = dirname(createRequire(import.meta.url).resolve('typeorm'));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version?: unknown;
    };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined; // there is no such file
  }
}
