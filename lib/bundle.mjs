// The second step of the build: few and small files, because each file costs time when an application loads or installs it.
//
// The modules are bundled into one file for each entry point and a few shared files. So each class exists once, whichever entry
// point imports it. The main entry point shares two files: one with the stores, and one with the other entry points.
//
// Comments are removed from the code. The declarations of public names keep their comments, because editors show them.
// Declarations that no public name needs are deleted (declarations.mjs).
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import ts from 'typescript';
import { declarationsOf } from './declarations.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');

const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const entries = Object.values(exports).filter(({ require }) => require !== undefined);
const STORES = entries
  .map((entry) => join(ROOT, entry.default))
  .filter((file) => file.startsWith(join(DIST, 'stores/')));

const modules = await filesOf(DIST, '.js');
const chunks = await bundle(entries.map((entry) => join(ROOT, entry.default)));
await Promise.all(modules.map((file) => rm(file)));
for (const { fileName, code } of chunks)
  await writeFile(join(DIST, fileName), shorter(fileName, withSharedHelpers(withoutComments(code))));

const declarations = declarationsOf(
  entries.map(({ types }) => join(ROOT, types)),
  DIST,
);
for (const file of await filesOf(DIST, '.d.ts')) {
  const code = declarations.get(file);
  if (code === undefined) await rm(file);
  else await writeFile(file, shorter(file, code));
}
await removeEmptyFolders(DIST);

async function bundle(files) {
  const made = await rollup({
    input: Object.fromEntries(files.map((file) => [file.slice(DIST.length + 1, -'.js'.length), file])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    onwarn(warning, warn) {
      // TypeScript's decorator helpers read `this`, which modules do not have.
      if (warning.code !== 'THIS_IS_UNDEFINED') warn(warning);
    },
  });
  const [main, ...others] = files;
  const { output } = await made.generate({
    format: 'es',
    chunkFileNames: 'shared-[hash].js',
    manualChunks: (id, { getModuleInfo }) => {
      const reaches = usersOf(id, getModuleInfo);
      if (!reaches.has(main)) return undefined;
      if (STORES.some((store) => reaches.has(store))) return 'with-stores';
      return others.some((entry) => reaches.has(entry)) ? 'engine' : undefined;
    },
    experimentalMinChunkSize: 20_000,
  });
  return output;
}

/** The module itself, and all modules that import it, directly or not. */
function usersOf(id, getModuleInfo, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const importer of getModuleInfo(id).importers) usersOf(importer, getModuleInfo, found);
  return found;
}

function withoutComments(code) {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    removeComments: true,
  };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/** TypeScript writes its decorator helpers into each module. A bundled file needs them only once. */
function withSharedHelpers(code) {
  const helper = /^var (__\w+?)(?:\$\d+)? = \(undefined && undefined\.\1\) \|\| function .*?^\};\n/gms;
  const names = new Map(); // at the beginning, because a class is decorated when it is declared
  const rest = code.replace(helper, (text, name) => {
    names.set(name, text.replace(/^var \S+/, `var ${name}`));
    return '';
  });
  const imports = /^(?:import .*?;\n)*/s.exec(rest)[0];
  return [
    imports,
    ...names.values(),
    rest.slice(imports.length).replace(/\b(__(?:decorate|metadata|param))\$\d+\b/g, '$1'),
  ].join('');
}

/** Puts `if (…)` and its only statement on one line, as in the sources, and indents with tabs. */
function shorter(name, code) {
  return withTabs(name, withShortStatements(name, code));
}

function withShortStatements(name, code) {
  const source = ts.createSourceFile(name, code, ts.ScriptTarget.ES2022);
  const gaps = [];
  const look = (node) => {
    const only = ts.isIfStatement(node) ? [node.thenStatement, node.elseStatement] : [node.statement];
    for (const statement of only) {
      if (statement === undefined || ts.isBlock(statement)) continue;
      const start = statement.getStart(source);
      if (!code.slice(start, statement.end).includes('\n')) gaps.push([statement.pos, start]);
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return gaps
    .toSorted(([a], [b]) => b - a)
    .reduce((text, [from, to]) => `${text.slice(0, from)} ${text.slice(to)}`, code);
}

/** Replaces every four spaces of indentation with a tab. Texts over several lines are not changed. */
function withTabs(name, code) {
  const source = ts.createSourceFile(name, code, ts.ScriptTarget.ES2022);
  const texts = [];
  const look = (node) => {
    if (ts.isTemplateLiteralToken(node)) texts.push([node.pos, node.end]);
    ts.forEachChild(node, look);
  };
  look(source);
  const isText = (at) => texts.some(([start, end]) => start < at && at < end);
  return code.replace(/^(?: {4})+/gm, (spaces, at) => (isText(at) ? spaces : '\t'.repeat(spaces.length / 4)));
}

async function filesOf(folder, ending) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

async function removeEmptyFolders(folder) {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const used = new Set();
  for (let file of await filesOf(folder, '.ts')) while (file !== folder) used.add((file = dirname(file)));
  for (const name of names) if (!used.has(name)) await rm(name, { recursive: true });
}
