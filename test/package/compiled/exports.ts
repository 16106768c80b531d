import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { EXPORTS } from '../exports.js';
import { entryPoints } from '../package.js';

/** Members whose name says it all, and those that Nest calls. */
const NEED_NO_WORD = new Set([
  'canActivate',
  'reflector',
  'onApplicationBootstrap',
  'onApplicationShutdown',
  'createdAt',
  'expiresAt',
  'ip',
  'userAgent',
  'cookie',
  'signedCookies',
  'headers',
  'describe',
  'beforeEach',
  'afterEach',
]);

interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly isValue: boolean;
}

const files = entryPoints.map(({ types }) => ts.sys.resolvePath(types));
const program = ts.createProgram(files, {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

function exportsOf(types: string): Exported[] {
  const file = program.getSourceFile(ts.sys.resolvePath(types))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    // A class may be exported as a type alone.
    const isTypeOnly = exported.declarations?.some((at) => ts.isTypeOnlyImportOrExportDeclaration(at));
    return {
      name: exported.name,
      symbol,
      isValue: !isTypeOnly && (symbol.flags & ts.SymbolFlags.Value) !== 0,
    };
  });
}

/** The names of what a class or an interface says of itself, and that no comment explains. */
function unexplainedMembers({ name, symbol }: Exported): string[] {
  const isPublic = (member: ts.ClassElement | ts.TypeElement): boolean =>
    (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Override)) === 0;
  return (symbol.declarations ?? [])
    .filter((at) => ts.isClassDeclaration(at) || ts.isInterfaceDeclaration(at))
    .flatMap((at) => [...at.members])
    .filter((member) => member.name && !ts.isPrivateIdentifier(member.name) && isPublic(member))
    .map((member) => checker.getSymbolAtLocation(member.name!)!)
    .filter((member) => !NEED_NO_WORD.has(member.name) && !isExplained(member))
    .map((member) => `${name}.${member.name}`);
}

/** What implements a documented member has its comment. */
function isExplained(symbol: ts.Symbol): boolean {
  return (
    symbol.getDocumentationComment(checker).length > 0 ||
    symbol.getJsDocTags(checker).some(({ name }) => name === 'throws')
  );
}

describe.each(entryPoints)('$specifier', ({ specifier, types }) => {
  const found = exportsOf(types).filter(({ name }) => name !== 'default');
  const namesOf = (isValue: boolean): string[] =>
    found
      .filter((exported) => exported.isValue === isValue)
      .map(({ name }) => name)
      .sort();

  it('exports these values and no others', () => {
    expect(namesOf(true)).toEqual([...EXPORTS[specifier]!.values].sort());
  });

  it('exports these types and no others', () => {
    expect(namesOf(false)).toEqual([...EXPORTS[specifier]!.types].sort());
  });

  it('explains every name', () => {
    expect(found.filter(({ symbol }) => !isExplained(symbol)).map(({ name }) => name)).toEqual([]);
  });

  it('explains the members of its classes and interfaces', () => {
    expect(found.flatMap(unexplainedMembers)).toEqual([]);
  });
});
