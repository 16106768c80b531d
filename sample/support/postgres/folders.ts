import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Account, findAccount, ownUid } from './account.js';
import { digest } from './processes.js';
import { REMEDY } from './remedy.js';
import { hasCode } from './system-error.js';

/** Makes the data folder; as root perhaps elsewhere, if the server's account cannot go to the wanted place. */
export async function prepareHome(wanted: string, durable: boolean, notes: string[]) {
  await fs.mkdir(dirname(wanted), { recursive: true });
  const asked = existsSync(wanted)
    ? await fs.realpath(wanted)
    : join(await fs.realpath(dirname(wanted)), basename(wanted));
  const account = findAccount(asked);
  const moved = account && !(await reachable(existsSync(asked) ? asked : dirname(asked), account));
  if (!moved) {
    await makeFolder(asked, ownUid !== 0);
    return { home: asked, account };
  }
  const parent = await sharedFolder(account, durable ? '/var/tmp' : tmpdir()); // systems may empty /tmp at boot
  const home = join(parent, `nest-session-data-${digest(asked)}`);
  await makeFolder(home, true);
  notes.push(`its account (${account.name}) cannot go to ${asked}, the data are in ${home}`);
  return { home, account: findAccount(home) };
}

async function makeFolder(folder: string, mustBeOurs: boolean): Promise<void> {
  try {
    await fs.mkdir(folder, 0o700);
    if (ownUid === 0) await fs.chmod(folder, 0o711); // the server's account goes through it, to `cluster/`
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    if (mustBeOurs) await assertOwn(folder);
  }
}

/** A folder of ours is never replaced by others: below a shared folder, its sticky bit sees to that. */
export async function assertOwn(folder: string): Promise<void> {
  const info = await fs.lstat(folder);
  if (info.isDirectory() && info.uid === ownUid) return;
  throw new Error(`${folder} is not a folder of this account: remove it, choose another one, or ${REMEDY}.`);
}

/** Whether the server's account may pass every folder on the way (and, if it is one, the file itself). */
export async function reachable(path: string, account: Account | undefined): Promise<boolean> {
  if (!existsSync(path)) return false;
  if (!account) return (await fs.access(path, fs.constants.X_OK).catch(() => 'no access')) === undefined;
  for (let at = await fs.realpath(path); ; at = dirname(at)) {
    const { uid, gid, mode } = await fs.stat(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A temporary folder that the account can go to, and where nobody but us can move what is ours. */
export async function sharedFolder(account: Account | undefined, preferred: string): Promise<string> {
  for (const folder of [preferred, tmpdir(), '/var/tmp', '/tmp']) {
    if (!(await reachable(folder, account))) continue;
    const { uid, mode } = await fs.stat(folder);
    const sticky = (mode & 0o1000) !== 0 || (mode & 0o022) === 0; // or nobody else can write there at all
    if (sticky && (uid === 0 || uid === ownUid)) return fs.realpath(folder);
  }
  throw new Error(`No temporary folder that every account can go to: set TMPDIR to one, or ${REMEDY}.`);
}
