import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './package.js';

/** As strict as a consumer may be, and with nothing that points into lib. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  skipLibCheck: true,
  noEmit: true,
};

/** A folder that is not there: the files in it exist for the compiler alone, in the scope of the package. */
const FOLDER = `${ROOT}consumer/`;

const parsed = new Map<string, ts.SourceFile | undefined>();

/** Reads each file of the disk once. */
function hostOf(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => {
    if (!parsed.has(path)) parsed.set(path, read(path, ...rest));
    return parsed.get(path);
  };
  return host;
}

/**
 * Type-checks files as an application has them that uses the built package; answers the errors in them and in the package's
 * own declarations, as "file:line: message".
 */
export function compile(files: Readonly<Record<string, string>>, options: ts.CompilerOptions = {}): string[] {
  const all = { ...OPTIONS, ...options };
  const host = hostOf(all);
  const real = hostOf(all);
  const textOf = (path: string): string | undefined =>
    path.startsWith(FOLDER) ? files[path.slice(FOLDER.length)] : undefined;

  host.fileExists = (path) => textOf(path) !== undefined || real.fileExists(path);
  host.readFile = (path) => textOf(path) ?? real.readFile(path);
  const paths = [FOLDER, ...Object.keys(files).map((name) => FOLDER + name)];
  host.directoryExists = (path) =>
    paths.some((known) => known.startsWith(`${path}/`)) || (real.directoryExists?.(path) ?? true);
  host.getSourceFile = (path, ...rest) => {
    const text = textOf(path);
    return text === undefined ? real.getSourceFile(path, ...rest) : ts.createSourceFile(path, text, rest[0]);
  };

  const program = ts.createProgram(
    Object.keys(files).map((name) => FOLDER + name),
    all,
    host,
  );
  const imported = program.getSourceFiles().map(({ fileName }) => fileName);
  if (imported.some((path) => path.startsWith(`${ROOT}lib/`)))
    throw new Error('The sources were compiled, not the build.');
  return ts
    .getPreEmitDiagnostics(program)
    .filter(
      ({ file }) => !file || file.fileName.startsWith(FOLDER) || file.fileName.startsWith(`${ROOT}dist/`),
    )
    .map(({ file, start, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      if (!file) return message;
      const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
      return `${file.fileName.replace(FOLDER, '').replace(ROOT, '')}:${line + 1}: ${message}`;
    });
}

/** The names that a declaration file of the build exports. */
export function namesIn(path: string): string[] {
  const program = ts.createProgram([join(ROOT, path)], OPTIONS, hostOf(OPTIONS));
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(join(ROOT, path))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).map(({ name }) => name);
}
