// The second step of the build: few and small files, because an application pays for each file that it loads and installs.
//
// The modules behind the entry points become one file for each entry point and a few that entry points share. So a class is there
// once, whichever way it is imported. Comments are left out of the code. They stay in the declarations, where editors show them.
// Declarations that no entry point leads to are deleted.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');

const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const entries = Object.values(exports).filter(({ require }) => require !== undefined);

const modules = await filesOf(DIST, '.js');
const chunks = await bundle(entries.map((entry) => join(ROOT, entry.default)));
await Promise.all(modules.map((file) => rm(file)));
for (const { fileName, code } of chunks) await writeFile(join(DIST, fileName), withoutComments(code));

const declarations = reachable(entries.map(({ types }) => join(ROOT, types)));
for (const file of await filesOf(DIST, '.d.ts')) if (!declarations.has(file)) await rm(file);
await removeEmptyFolders(DIST);

async function bundle(files) {
  const made = await rollup({
    input: Object.fromEntries(files.map((file) => [file.slice(DIST.length + 1, -'.js'.length), file])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    onwarn(warning, warn) {
      // TypeScript's helper for decorators looks for one on `this`, which modules do not have.
      if (warning.code !== 'THIS_IS_UNDEFINED') warn(warning);
    },
  });
  const { output } = await made.generate({ format: 'es', chunkFileNames: 'shared-[hash].js' });
  return output;
}

function withoutComments(code) {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    removeComments: true,
  };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/** The files that these declarations, and those they import, are in. */
function reachable(files) {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'] };
  return new Set(
    ts
      .createProgram(files, options)
      .getSourceFiles()
      .map(({ fileName }) => fileName),
  );
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
