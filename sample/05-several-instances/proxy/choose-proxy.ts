import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NginxProxy } from './nginx.js';
import { NodeProxy } from './node-proxy.js';
import type { Proxy } from './proxy.js';

/** Folders of nginx that are not on every user's path. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The requested proxy; else nginx if it is installed, otherwise a few lines of Node. */
export function chooseProxy(
  wanted: 'nginx' | 'node' | undefined,
  configuration: string,
  folder: string,
): Proxy {
  const program = wanted === 'node' ? undefined : findNginx();
  if (program !== undefined) return new NginxProxy({ program, configuration, folder });
  if (wanted === 'nginx')
    throw new Error('PROXY=nginx, but there is no nginx: apt-get install nginx-light, or PROXY=node.');
  return new NodeProxy();
}

function findNginx(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, 'nginx')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
