// What `npm test` runs: the settings of jest.settings.mjs, without what takes long. A path on the command line runs the
// specs of that path, each in a context of its own. Without one, the specs of a folder share a context (support/groups.mjs).
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import jest from './jest.settings.mjs';
import { writeGroups } from './support/groups.mjs';

const root = join(import.meta.dirname, '..');
const scope = process.env.TEST_SCOPE || 'usual';

/** Specs with commands of their own: they need a package registry, or servers that take long to start. */
const APART = ['test/consumers/', 'test/servers/'];

/** The built package, the samples, and processes of their own: what takes long and is broken by few changes. */
const ON_DEMAND = [
  'test/package/',
  'test/e2e/sample/',
  'test/browser/',
  'test/e2e/nest/clean-exit',
  'test/faults/instances',
  'test/faults/outage',
  'test/faults/process-end',
];

/** What `TEST_SCOPE=unit` tries: nothing that needs a server. */
const isUnit = (spec) =>
  /^test\/(architecture|unit)\//.test(spec) && !/^test\/unit\/stores\/(redis|sql|typeorm)\//.test(spec);

/** `TEST_FOLDERS="test/unit test/contract"` runs the specs of these folders alone. */
const folders = process.env.TEST_FOLDERS?.split(' ');

function isInScope(spec) {
  if (APART.some((path) => spec.startsWith(path))) return false;
  if (folders !== undefined) return folders.some((folder) => spec.startsWith(`${folder}/`));
  if (scope === 'unit') return isUnit(spec);
  return scope === 'all' || scope === 'gate' || !ON_DEMAND.some((path) => spec.startsWith(path));
}

const namesPaths = process.argv.some((word) => /^test\/(?!jest\.config)/.test(word));

function groups() {
  const specs = readdirSync(join(root, 'test'), { recursive: true })
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.spec.ts') && isInScope(path));
  // A name that any file system takes, however many folders there are.
  const name = folders && createHash('sha256').update(folders.join()).digest('hex').slice(0, 8);
  const folder = join(root, 'test/groups', name ?? scope);
  writeGroups(
    folder,
    specs.map((path) => join(root, path)),
  );
  return `${folder}/*.group.mjs`;
}

export default {
  ...jest,
  rootDir: root,
  testMatch: namesPaths ? ['<rootDir>/test/**/*.spec.ts'] : [groups()],
  testPathIgnorePatterns: ['/node_modules/', ...APART.map((path) => `<rootDir>/${path}`)],
};
