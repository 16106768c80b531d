import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, runAs } from './account.js';
import { cannotRun } from './remedy.js';
import { hasCode } from './system-error.js';

const run = promisify(execFile);

/** initdb in a draft beside, which only becomes `cluster/` once it is complete. */
export async function createCluster(
  home: string,
  bin: string,
  account: Account | undefined,
  durable: boolean,
) {
  for (const name of await fs.readdir(home)) {
    const hours = (Date.now() - Number(/^draft-(\d+)-/.exec(name)?.[1])) / 3_600_000; // NaN for the rest
    if (hours > 1) await fs.rm(join(home, name), { recursive: true, force: true }); // initdb was interrupted
  }
  const draft = await fs.mkdtemp(join(home, `draft-${Date.now()}-`));
  const passwordFile = `${draft}.password`;
  try {
    await fs.writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    if (account) for (const path of [draft, passwordFile]) await fs.chown(path, account.uid, account.gid);
    const options = '--username=postgres --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions';
    const sync = durable ? [] : ['--no-sync'];
    const args = ['-D', draft, `--pwfile=${passwordFile}`, ...options.split(' '), ...sync];
    await run(join(bin, 'initdb'), args, runAs(account)).catch((error: unknown) => {
      throw hasCode(error, 'ENOENT', 'EACCES', 'EPERM') ? cannotRun(join(bin, 'initdb'), error) : error;
    });
    await fs.rename(passwordFile, join(draft, 'launcher.password'));
    await fs.rename(draft, join(home, 'cluster'));
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    await fs.rm(passwordFile, { force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error; // else another process has been quicker
  }
}
