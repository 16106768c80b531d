// The last step of the build: the CommonJS files of every entry point with the condition "require" in package.json.
//
// `index.cjs` requires the ES module, so that the code and every class exist once. If there is a default export, it exports that.
//
// `index.d.cts` declares the same to TypeScript, which with `module: node16` lets no CommonJS file require an ES module. It has
// no types itself but refers to those of the ES module, so that a program that uses both sees one class, and one
// SessionData that `declare module` adds to from either side. A const with the type of a class and a type of the same name are
// together what the class is to TypeScript: it can be extended, injected (decorator metadata) and narrowed with.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const AS_ESM = `with { 'resolution-mode': 'import' }`;

/** The ES module through which applications that are CommonJS add to the SessionData of a function. */
const ADDITIONS = 'commonjs-data';

const { exports } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
const entries = Object.values(exports).filter(({ require }) => require !== undefined);
const program = ts.createProgram(
  entries.map(({ types }) => join(ROOT, types)),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'], skipLibCheck: true },
);
const checker = program.getTypeChecker();

for (const { types, default: code, require } of entries) {
  const write = (path, lines) => writeFile(join(ROOT, path), `${lines.flat().join('\n')}\n`);
  const file = `./${basename(code)}`;
  const source = program.getSourceFile(join(ROOT, types));
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const itself = symbols.find(({ name }) => name === 'default');
  await write(require.default, [
    `'use strict';`,
    `module.exports = require('${file}')${itself === undefined ? '' : '.default'};`,
  ]);
  if (itself === undefined) {
    // At run time, for only that is sure to be there.
    const values = new Set(Object.keys(await import(pathToFileURL(join(ROOT, code)).href)));
    await write(require.types, namesOf(file, symbols, values));
  } else {
    await write(require.types, functionOf(file, symbols, targetOf(itself)));
    await write(
      join(dirname(types), `${ADDITIONS}.d.ts`),
      additionsOf(file, `./${basename(require.default)}`),
    );
  }
}

/** The star export contains all types, so that `declare module` reaches them. Values are declared again. */
function namesOf(file, symbols, values) {
  const declared = symbols
    .filter(({ name }) => values.has(name))
    .map((symbol) => [
      ...commentOf(symbol),
      `export declare const ${symbol.name}: typeof esm.${symbol.name};`,
      ...(hasType(symbol) ? [`export ${typeOf('esm', symbol)}`] : []),
    ]);
  return [
    `import type * as esm from '${file}' ${AS_ESM};`,
    `export type * from '${file}' ${AS_ESM};`,
    ...declared.flat(),
  ];
}

/**
 * A function with classes on it, and with types in a namespace of its name. `declare module` adds to what the namespace itself
 * declares, so SessionData is an interface here, which the one of the ES module is made to extend.
 */
function functionOf(file, symbols, itself) {
  const inside = [...itself.exports.values()];
  const taken = new Set(['default', ...inside.map(({ name }) => name)]);
  const beside = symbols.filter((symbol) => hasType(symbol) && !taken.has(symbol.name));
  return [
    `import type * as esm from '${file}' ${AS_ESM};`,
    `import type {} from './${ADDITIONS}.js' ${AS_ESM};`,
    ...commentOf(itself),
    `declare const ${itself.name}: typeof esm.default;`,
    `declare namespace ${itself.name} {`,
    `  interface SessionData {`,
    `    cookie: esm.Cookie;`,
    `  }`,
    ...inside
      .filter(({ name }) => name !== 'SessionData')
      .map((symbol) => `  ${typeOf('esm.default', symbol)}`),
    ...beside.map((symbol) => `  ${typeOf('esm', symbol)}`),
    `}`,
    `export = ${itself.name};`,
  ];
}

/** Through the star export of the module, as applications do: TypeScript loses one of two additions that take different ways. */
function additionsOf(file, commonjs) {
  return [
    `import type commonjs from '${commonjs}';`,
    `declare module '${file}' {`,
    `  interface SessionData extends commonjs.SessionData {}`,
    `}`,
  ];
}

function targetOf(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function hasType(symbol) {
  return (targetOf(symbol).flags & ts.SymbolFlags.Type) !== 0;
}

function typeOf(module, symbol) {
  const parameters = targetOf(symbol).declarations.find((node) => node.typeParameters)?.typeParameters ?? [];
  const list = (texts) => (texts.length === 0 ? '' : `<${texts.join(', ')}>`);
  const declared = list(parameters.map((node) => node.getText()));
  return `type ${symbol.name}${declared} = ${module}.${symbol.name}${list(parameters.map(({ name }) => name.text))};`;
}

/** The first sentence of a comment. The declarations of the ES module contain the rest, which would double the size here. */
function commentOf(symbol) {
  const [comment] = targetOf(symbol).declarations.flatMap((node) => ts.getJSDocCommentsAndTags(node));
  if (comment === undefined) return [];
  const [summary] = /^.*?(\.(?=\s|$)|$)/s.exec(ts.getTextOfJSDocComment(comment.comment) ?? '');
  return [`/** ${summary.replaceAll('\n', '\n * ')} */`];
}
