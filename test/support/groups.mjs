// Loading Nest, a driver and the package into a Jest context costs more than most specs do. So whole runs load them once for a
// group of specs: this writes one file per group that imports them, and Jest runs those files.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** How many bytes of specs share a context. */
const GROUP_BYTES = 64_000;

/** Replaces modules for everything that is loaded after it. */
const NEEDS_OWN_CONTEXT = /unstable_mockModule|watched-crypto/;

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

function groupsOf(specs) {
  const groups = new Map();
  const counts = new Map();
  const open = new Map();
  const begin = (place) => {
    const group = { bytes: 0, files: [] };
    counts.set(place, (counts.get(place) ?? 0) + 1);
    groups.set(`${nameOf(place)}-${counts.get(place)}.group.mjs`, group.files);
    return group;
  };
  for (const file of [...specs].sort()) {
    const text = readFileSync(file, 'utf8');
    const place = dirname(file);
    if (NEEDS_OWN_CONTEXT.test(text)) {
      begin(place).files.push(file);
      continue;
    }
    let group = open.get(place);
    if (group === undefined || group.bytes + text.length > GROUP_BYTES) {
      group = begin(place);
      open.set(place, group);
    }
    group.bytes += text.length;
    group.files.push(file);
  }
  return groups;
}

const nameOf = (place) => relative(join(import.meta.dirname, '..'), place).replaceAll('/', '-');

const textOf = (folder, files) =>
  files.map((file) => `import '${relative(folder, file).replace(/\.ts$/, '.js')}';\n`).join('');

function writeIfNew(path, text) {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  writeFileSync(path, text);
}
