import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../lib/', import.meta.url));

/** One import, re-export or dynamic import of a file. */
export interface Import {
  /** The module as written, or for a file of lib its path within lib (`core/session.ts`). */
  readonly target: string;
  /** Whether it is gone at run time. */
  readonly isTypeOnly: boolean;
  readonly kind: 'lib' | 'node' | 'package';
}

export interface Source {
  /** The path within lib, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly ast: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** Every file of lib, parsed. */
export const sources: readonly Source[] = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => sourceOf(name.split(sep).join('/'), readFileSync(join(ROOT, name), 'utf8')))
  .sort((a, b) => (a.path < b.path ? -1 : 1));

export function sourceOf(path: string, text: string): Source {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return { path, text, lines: text.trimEnd().split('\n').length, ast, imports: importsOf(path, ast) };
}

/** The folder of a file: `core`, `stores/memory`, or '' for lib itself. */
export function folderOf(path: string): string {
  const [first, second] = path.split('/');
  if (!path.includes('/')) return '';
  return first === 'stores' ? `stores/${second}` : first!;
}

/** Visits every node of a file. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function importsOf(path: string, ast: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier))
      found.push({ ...resolve(path, specifier.text), isTypeOnly });
  };
  visit(ast, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isErased(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isErasedExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      add(node.moduleReference.expression, node.isTypeOnly);
    else if (ts.isCallExpression(node) && isLoading(node.expression)) add(node.arguments[0], false);
  });
  return found;
}

function isErased(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false; // for its side effects
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || ts.isNamespaceImport(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}

function isErasedExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  return (
    exportClause !== undefined &&
    ts.isNamedExports(exportClause) &&
    exportClause.elements.length > 0 &&
    exportClause.elements.every((element) => element.isTypeOnly)
  );
}

/** `import(…)`, `require(…)`, and what `createRequire` gives. */
function isLoading(called: ts.Expression): boolean {
  return (
    called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require')
  );
}

function resolve(path: string, specifier: string): Omit<Import, 'isTypeOnly'> {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
    return { target, kind: 'lib' };
  }
  return specifier.startsWith('node:')
    ? { target: specifier, kind: 'node' }
    : { target: specifier, kind: 'package' };
}
