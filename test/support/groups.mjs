// Loading Nest, a driver and the package into a Jest context costs more than most specs do. So whole runs load them once for a
// group of specs: this writes one file per group that imports them, and Jest runs those files.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** How many bytes of specs share a context. */
const GROUP_BYTES = 64_000;

/** Replaces modules for everything that is loaded after it. */
const REPLACES_MODULES = /unstable_mockModule|watched-crypto/;

/** Specs that take long, whatever their size: each is a group of its own, and these groups begin first. */
const TAKES_LONG = /^(browser|contract|e2e\/sample|faults|hostile|model|package|security)\//;

/**
 * Writes the groups of these specs, and removes those of an earlier run.
 *
 * @param {string} folder where the groups are written
 * @param {string[]} specs paths of spec files
 */
export function writeGroups(folder, specs) {
  const groups = groupsOf(specs);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!groups.has(name)) rmSync(join(folder, name));
  for (const [name, files] of groups) writeIfNew(join(folder, name), textOf(folder, files));
}

/** The files of each group, by its name. */
function groupsOf(specs) {
  const groups = new Map();
  const open = new Map();
  for (const file of [...specs].sort()) {
    const text = readFileSync(file, 'utf8');
    if (takesLong(file) || REPLACES_MODULES.test(text)) {
      groups.set(nameOf(file.replace(/\.spec\.ts$/, '')), [file]);
      continue;
    }
    const place = dirname(file);
    let group = open.get(place);
    if (group === undefined || group.bytes + text.length > GROUP_BYTES) {
      group = { bytes: 0, files: [], number: (group?.number ?? 0) + 1 };
      open.set(place, group);
      groups.set(nameOf(`${place}-${group.number}`), group.files);
    }
    group.bytes += text.length;
    group.files.push(file);
  }
  return groups;
}

const nameIn = (path) => relative(join(import.meta.dirname, '..'), path);
const nameOf = (path) => `${nameIn(path).replaceAll('/', '-')}.group.mjs`;
const takesLong = (file) => TAKES_LONG.test(nameIn(file));

function textOf(folder, files) {
  const imports = files.map((file) => `import '${relative(folder, file).replace(/\.ts$/, '.js')}';\n`);
  // Jest begins with the largest file, until it knows how long each takes.
  return imports.join('') + (files.some(takesLong) ? `${'//'.padEnd(10_000)}\n` : '');
}

function writeIfNew(path, text) {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  writeFileSync(path, text);
}
