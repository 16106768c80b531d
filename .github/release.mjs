// Publishes the package with provenance. If something is missing, it lists all of it and publishes nothing.
// With --dry-run it only checks, and lists the files that would be published: npm run release:dry
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isDryRun = process.argv.includes('--dry-run');
const manifest = JSON.parse(read('package.json'));
const tag = `v${manifest.version}`;

/** Files that the package must contain besides dist/. */
const PAPERS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs/README.md', 'package.json'];

const files = existsSync(`${root}dist/index.js`) ? packedFiles() : undefined;
const problems = [
  ...repositoryProblems(),
  ...gitProblems(),
  ...changelogProblems(),
  ...(files === undefined ? ['There is no dist/: run "npm run build" first.'] : packageProblems(files)),
];

if (problems.length > 0) {
  console.error(`${manifest.name} ${manifest.version} cannot be released:`);
  for (const problem of problems) console.error(`- ${problem}`);
  process.exitCode = 1;
} else if (isDryRun) {
  console.log(`${manifest.name} ${manifest.version} can be released, with ${files.length} files:`);
  for (const file of files) console.log(`  ${file}`);
} else {
  execFileSync('npm', ['publish', '--provenance', '--access', 'public'], { cwd: root, stdio: 'inherit' });
}

function read(path) {
  return readFileSync(root + path, 'utf8');
}

function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trimEnd();
}

function repositoryProblems() {
  const { repository } = manifest;
  if (typeof repository === 'string' || typeof repository?.url === 'string') return [];
  return [
    'package.json has no "repository": set it (and "bugs" and "homepage"), because provenance links the package to its source.',
  ];
}

function gitProblems() {
  const problems = [];
  const changed = git('status', '--porcelain');
  if (changed !== '') problems.push(`The working tree is not clean:\n${changed.replace(/^/gm, '    ')}`);
  const isTagged = git('tag', '--list', tag) !== '';
  const isHere = git('tag', '--points-at', 'HEAD').split('\n').includes(tag);
  if (isTagged && !isHere)
    problems.push(`The tag ${tag} is on another commit: raise "version" in package.json.`);
  if (!isDryRun && !isHere) problems.push(`This commit has no tag ${tag}: git tag ${tag}.`);
  return problems;
}

function changelogProblems() {
  const headings = read('CHANGELOG.md').split('\n');
  const heading = headings.find((line) => line.startsWith(`## ${manifest.version} `));
  if (heading === undefined) return [`CHANGELOG.md has no section "## ${manifest.version} (date)".`];
  if (/\(\d{4}-\d{2}-\d{2}\)$/.test(heading)) return [];
  return [`CHANGELOG.md: "${heading}" has no date: write "## ${manifest.version} (YYYY-MM-DD)".`];
}

/** The files that npm would pack. Scripts are not run, because dist/ has been built already. */
function packedFiles() {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output)[0].files.map(({ path }) => path);
}

function packageProblems(packed) {
  const missing = [...PAPERS, ...namedFiles(manifest)].filter((path) => !packed.includes(path));
  const surplus = packed.filter(
    (path) =>
      !PAPERS.includes(path) &&
      !/^dist\/.+\.(c?js|d\.c?ts)$/.test(path) &&
      !/^docs\/.+\.(md|svg|webp)$/.test(path),
  );
  const tests = packed.filter((path) => /\.spec\.|(^|\/)(test|fixtures?)\//.test(path));
  return [
    ...missing.map((path) => `The package lacks ${path}.`),
    ...new Set(
      [...surplus, ...tests].map((path) => `The package contains ${path}, which does not belong there.`),
    ),
  ];
}

/** Every file that package.json names as an entry point. */
function namedFiles({ main, types, exports, typesVersions }) {
  const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves));
  const all = [main, types, ...leaves(exports), ...leaves(typesVersions)];
  return [...new Set(all.map((path) => path.replace(/^\.\//, '')))];
}
