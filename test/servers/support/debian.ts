import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, Unavailable } from '../part.js';
import { run } from './programs.js';

/** Programs of a Debian release, unpacked beside the system and run with the libraries of their own release. */
export interface Unpacked {
  readonly root: string;
  /** A folder with one command for each program. */
  readonly bin: string;
  /** The version of a package, without what Debian adds. */
  readonly version: (name: string) => string;
}

/**
 * Downloads packages of a Debian release (`sid`, `trixie`, …) with all they need, and unpacks them into a folder.
 * `programs` are paths in it; a command may have another name: `{ 'redis-server': 'usr/bin/valkey-server' }`.
 *
 * @throws Unavailable where the release or a package is not to be had
 */
export async function unpack(
  release: string,
  packages: readonly string[],
  programs: Readonly<Record<string, string>>,
): Promise<Unpacked> {
  const folder = join(CACHE, `${release}-${packages.join('-')}`);
  try {
    if (!existsSync(folder)) await download(release, packages, folder);
  } catch (error) {
    throw new Unavailable(`${packages.join(', ')} of Debian ${release}`, error);
  }
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const root = join(folder, 'root');
  for (const [name, path] of Object.entries(programs)) await writeCommand(root, path, join(bin, name));
  const names = (await readFile(join(folder, 'versions'), 'utf8')).split('\n');
  const version = (name: string): string => {
    const found = names.find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? '';
    return found.replace(/^\d+:|[+-].*$/g, '');
  };
  return { root, bin, version };
}

async function download(release: string, packages: readonly string[], folder: string): Promise<void> {
  const apt = await prepareApt(release);
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, 'root'), { recursive: true });
  const archives = join(draft, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  const into = ['-o', `Dir::Cache::archives=${archives}`];
  await run('apt-get', [...into, 'install', '--download-only', '--yes', ...packages], { env: apt });
  const versions: string[] = [];
  for (const name of (await readdir(archives)).filter((file) => file.endsWith('.deb'))) {
    const file = join(archives, name);
    await run('dpkg-deb', ['--extract', file, join(draft, 'root')]);
    versions.push((await run('dpkg-deb', ['--show', '--showformat=${Package} ${Version}', file])).trim());
  }
  await rm(archives, { recursive: true });
  await writeFile(join(draft, 'versions'), versions.join('\n'));
  await rename(draft, folder);
}

/** A configuration of apt that knows one release and believes that nothing is installed. Answers its environment. */
async function prepareApt(release: string): Promise<NodeJS.ProcessEnv> {
  const folder = join(CACHE, `apt-${release}`);
  for (const name of ['lists/partial', 'cache', 'state', 'none'])
    await mkdir(join(folder, name), { recursive: true });
  const mirror = await findMirror();
  await writeFile(join(folder, 'status'), '');
  await writeFile(
    join(folder, 'sources.list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${release} main\n`,
  );
  const settings = {
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': join(folder, 'none'),
    'Dir::Etc::PreferencesParts': join(folder, 'none'),
    'Dir::State': join(folder, 'state'),
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
    'Acquire::Languages': 'none',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  await writeFile(join(folder, 'apt.conf'), lines.join(''));
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  return env;
}

/** Where this machine gets its own Debian packages. */
async function findMirror(): Promise<string> {
  const filters = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  const said = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...filters]);
  const [first] = said.split('\n');
  if (!first) throw new Error('apt has no list of Debian packages: run apt-get update');
  return first;
}

/** A program of another release needs the loader and the libraries of that release. */
export async function writeCommand(root: string, path: string, command: string): Promise<void> {
  const libraries = ['usr/lib', 'lib'].map((folder) => join(root, folder, 'x86_64-linux-gnu'));
  const loader = libraries
    .map((folder) => join(folder, 'ld-linux-x86-64.so.2'))
    .find((file) => existsSync(file));
  const program = join(root, path);
  if (loader === undefined || !existsSync(program))
    throw new Unavailable(path, 'it is not in the packages for this architecture');
  for (const name of ['blas', 'lapack']) libraries.push(join(root, 'usr/lib/x86_64-linux-gnu', name));
  for (const name of ['mysql/private', 'postgresql/18/lib']) libraries.push(join(root, 'usr/lib', name));
  const lua = `LUA_CPATH='${join(root, 'usr/lib/x86_64-linux-gnu/lua/5.1/?.so')}'`; // of Debian's Redis
  const line = `${lua} exec ${loader} --library-path ${libraries.join(':')} ${program} "$@"`;
  await writeFile(command, `#!/bin/sh\n${line}\n`);
  await chmod(command, 0o755);
}
