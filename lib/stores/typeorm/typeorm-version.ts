import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** The oldest TypeORM that the store works with. */
const OLDEST = [0, 3, 20] as const;

/**
 * npm accepts every version, so that applications without this store may have any. The store refuses versions that are
 * too old. If the version cannot be determined, for example in a bundle, it is accepted.
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
