import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REMEDY } from './remedy.js';

/** The unprivileged account the server runs as when we are root, since PostgreSQL refuses to run as root. */
export type Account = Readonly<{ name: string; uid: number; gid: number }>;

export const ownUid = process.getuid?.() ?? -1;

// Not our whole environment: its secrets are no business of the server's account.
const SERVER_ENV = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };

export function findAccount(home: string): Account | undefined {
  if (ownUid !== 0) return undefined;
  const cluster = join(home, 'cluster');
  const owner = existsSync(cluster) ? statSync(cluster) : undefined; // only the owner can use existing data
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const users = readFileSync('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users) ?? [];
    if (uid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no account "nobody" to run it: ${REMEDY}.`);
}

export const runAs = (account: Account | undefined) => ({
  cwd: '/',
  env: SERVER_ENV,
  ...(account && { uid: account.uid, gid: account.gid }),
});
