// Part of the second step of the build: of all declarations, those that an entry point reaches.
import ts from 'typescript';

/**
 * The text of each file that is left. It has the declarations that a public name needs, directly or through others, and imports
 * nothing else. Declarations of public names keep their comments, because editors show them.
 */
export function declarationsOf(entries, folder) {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'] };
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const ownFiles = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));

  const isOwn = (node) => node.getSourceFile().fileName.startsWith(folder);
  const targetOf = (symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exportsOf = (source) => checker.getExportsOfModule(checker.getSymbolAtLocation(source));

  /** Statements of files, and the names in imports that they use. */
  const needed = new Set();

  function need(symbol) {
    for (const node of symbol.declarations ?? []) if (isImported(node)) needed.add(node);
    for (const node of targetOf(symbol).declarations ?? []) {
      const statement = statementOf(node);
      if (statement === undefined || needed.has(statement) || !isOwn(node)) continue;
      needed.add(statement);
      needAllIn(statement);
    }
  }

  function needAllIn(node) {
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    if (symbol !== undefined) need(symbol);
    ts.forEachChild(node, needAllIn);
  }

  /** `declare global`, and `export default`. */
  const isAlwaysNeeded = (statement) =>
    ts.isExportAssignment(statement) || (ts.isModuleDeclaration(statement) && !isExported(statement));
  const exported = entries.flatMap((entry) => exportsOf(program.getSourceFile(entry)));
  for (const symbol of exported) need(symbol);
  for (const source of ownFiles) {
    for (const statement of source.statements.filter(isAlwaysNeeded)) {
      needed.add(statement);
      needAllIn(statement);
    }
  }

  /** What public names are declared by. Members may get their comments from a class or an interface that theirs builds on. */
  const isPublic = new Set();
  const published = new Set();
  const publish = (symbol) => {
    if (published.has(targetOf(symbol))) return;
    published.add(targetOf(symbol));
    for (const statement of (targetOf(symbol).declarations ?? []).map(statementOf)) {
      if (statement === undefined) continue;
      isPublic.add(statement);
      const bases = (statement.heritageClauses ?? []).flatMap(({ types }) => types);
      for (const { expression } of bases) {
        const base = checker.getSymbolAtLocation(expression);
        if (base !== undefined) publish(base);
      }
    }
    const properties = checker.getDeclaredTypeOfSymbol(targetOf(symbol)).getProperties();
    for (const { declarations = [] } of properties)
      for (const node of declarations) isPublic.add(statementOf(node));
  };
  exported.forEach(publish);
  const printer = ts.createPrinter({ removeComments: true });

  function textOf(statement, source) {
    if (ts.isImportDeclaration(statement)) return importOf(statement);
    if (ts.isExportDeclaration(statement)) return statement.getText(source);
    if (!needed.has(statement)) return undefined;
    if (isPublic.has(statement)) return statement.getFullText(source).trim();
    return printer.printNode(ts.EmitHint.Unspecified, statement, source);
  }

  function importOf(statement) {
    const { importClause: clause, moduleSpecifier } = statement;
    if (clause === undefined) return statement.getText();
    const { name, namedBindings } = clause;
    const parts = [];
    if (name !== undefined && needed.has(clause)) parts.push(name.text);
    if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) {
      if (needed.has(namedBindings)) parts.push(namedBindings.getText());
    } else if (namedBindings !== undefined) {
      const names = namedBindings.elements.filter((element) => needed.has(element));
      if (names.length > 0) parts.push(`{ ${names.map((element) => element.getText()).join(', ')} }`);
    }
    if (parts.length === 0) return undefined;
    const keyword = clause.isTypeOnly ? 'import type' : 'import';
    return `${keyword} ${parts.join(', ')} from ${moduleSpecifier.getText()};`;
  }

  const texts = new Map();
  for (const source of ownFiles) {
    const lines = source.statements.map((statement) => textOf(statement, source));
    const declares = source.statements.some(
      (statement, index) =>
        lines[index] !== undefined && !ts.isImportDeclaration(statement) && !isMarker(statement),
    );
    if (declares) texts.set(source.fileName, `${lines.filter((line) => line !== undefined).join('\n')}\n`);
  }
  return texts;
}

function isImported(node) {
  return ts.isImportSpecifier(node) || ts.isNamespaceImport(node) || ts.isImportClause(node);
}

/** `export {}`, which makes a file a module in which only what has `export` is exported. */
function isMarker(statement) {
  return ts.isExportDeclaration(statement) && statement.getText() === 'export {};';
}

function isExported(statement) {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** The statement of a file that a declaration is in; undefined for the file itself. */
function statementOf(node) {
  let at = node;
  while (at.parent !== undefined && !ts.isSourceFile(at.parent)) at = at.parent;
  return ts.isSourceFile(at) ? undefined : at;
}
