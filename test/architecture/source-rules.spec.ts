import { dirname } from 'node:path/posix';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { type Source, sources, sourceOf, visit } from './sources.js';

/** "file:line" of every node that a rule is against. */
function places(files: readonly Source[], isWrong: (node: ts.Node) => boolean): string[] {
  return files.flatMap(({ path, ast }) => {
    const found: string[] = [];
    visit(ast, (node) => {
      if (isWrong(node)) {
        const { line } = ast.getLineAndCharacterOfPosition(node.getStart(ast));
        found.push(`${path}:${line + 1}`);
      }
    });
    return found;
  });
}

const isAny = (node: ts.Node): boolean => node.kind === ts.SyntaxKind.AnyKeyword;

/** `Date.now()`, `Date.now` handed on, and `new Date()` of the moment. */
function isClock(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.getText() === 'Date.now';
  return ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length;
}

/** Where a clock may be read: as the default of a parameter or property called `now` or `clock`. */
function isClockDefault(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isParameter(at) || ts.isPropertyDeclaration(at) || ts.isBindingElement(at)) {
      if (['now', 'clock'].includes(at.name.getText())) return true;
    }
  }
  return false;
}

/** `Date.now` as a value: whoever takes it along goes by the system's clock where a test fakes it later. */
function isClockTaken(node: ts.Node): boolean {
  const isNow = ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now';
  return isNow && !(ts.isCallExpression(node.parent) && node.parent.expression === node);
}

/** `class SomeError`, and each class that extends one. */
function isErrorClass(node: ts.Node): boolean {
  if (!ts.isClassLike(node)) return false;
  const bases = node.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText())) ?? [];
  return [node.name?.text ?? '', ...bases].some((name) => /(Error|Exception|Fault)$/.test(name));
}

/** "file: class, class" of every file that declares several classes of errors. */
function severalErrors(files: readonly Source[]): string[] {
  return files.flatMap(({ path, ast }) => {
    const names: string[] = [];
    visit(ast, (node) => {
      if (ts.isClassLike(node) && isErrorClass(node)) names.push(node.name?.text ?? '(anonymous)');
    });
    return names.length > 1 ? [`${path}: ${names.join(', ')}`] : [];
  });
}

const MUZZLES =
  /@ts-ignore|@ts-nocheck|@ts-expect-error|eslint-disable|prettier-ignore|istanbul ignore|c8 ignore/;

describe('every file of lib', () => {
  it('has at most 300 lines', () => {
    const long = sources.filter(({ lines }) => lines > 250).sort((a, b) => b.lines - a.lines);
    const tooLong = long.filter(({ lines }) => lines > 300);
    const list = (files: readonly Source[]): string[] => files.map(({ path, lines }) => `${path}: ${lines}`);
    // Where one is too long, all that are long are named.
    expect(tooLong.length === 0 ? [] : list(long)).toEqual([]);
  });

  it('is one of at most 15 in its room', () => {
    const rooms = new Map<string, number>();
    for (const { path } of sources) {
      const room = dirname(path);
      rooms.set(room, (rooms.get(room) ?? 0) + 1);
    }
    expect([...rooms].filter(([, files]) => files > 15)).toEqual([]);
  });

  it('declares at most one class of errors, and only in lib/errors', () => {
    expect(severalErrors(sources)).toEqual([]);
    const elsewhere = sources.filter(({ path }) => !path.startsWith('errors/'));
    expect(places(elsewhere, isErrorClass)).toEqual([]);
  });

  it('has no any', () => {
    expect(places(sources, isAny)).toEqual([]);
  });

  it('silences no tool', () => {
    const silenced = sources.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (MUZZLES.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(silenced).toEqual([]);
  });

  it('writes to no console', () => {
    expect(places(sources, (node) => ts.isIdentifier(node) && node.text === 'console')).toEqual([]);
  });

  it('asks for the time when it needs it', () => {
    expect(places(sources, isClockTaken)).toEqual([]);
  });

  it('has no empty catch that swallows an error', () => {
    const isSilent = (node: ts.Node): boolean =>
      ts.isCatchClause(node) && node.block.statements.length === 0 && !/\/[/*]/.test(node.block.getText());
    expect(places(sources, isSilent)).toEqual([]);
  });
});

describe('core', () => {
  const core = sources.filter(({ path }) => path.startsWith('core/'));

  it('reads no clock but the one it is given', () => {
    expect(places(core, (node) => isClock(node) && !isClockDefault(node))).toEqual([]);
  });

  it('knows nothing of the process but how to warn', () => {
    const isProcess = (node: ts.Node): boolean =>
      ts.isPropertyAccessExpression(node) &&
      node.expression.getText() === 'process' &&
      !['emitWarning', 'nextTick'].includes(node.name.text);
    expect(places(core, isProcess)).toEqual([]);
  });

  it('sets timers that tests with a fake clock of their own do not stop', () => {
    const timers = new Set(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout']);
    const wrong = core.filter(({ ast, imports }) => {
      let uses = false;
      visit(ast, (node) => {
        if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && timers.has(node.expression.text))
          uses = true;
      });
      return uses && !imports.some(({ target }) => target === 'node:timers');
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the rules', () => {
  it('find two errors in one file', () => {
    const one = 'export class FirstError extends SessionError {}';
    const other = 'class Second extends HttpException {}';
    expect(severalErrors([sourceOf('errors/a.ts', one), sourceOf('errors/b.ts', other)])).toEqual([]);
    expect(severalErrors([sourceOf('errors/a.ts', `${one}\n${other}\nclass Neither {}`)])).toEqual([
      'errors/a.ts: FirstError, Second',
    ]);
  });

  it('find what they are against', () => {
    const text = `
      let a: any;
      const t = Date.now();
      const d = new Date();
      const fine = new Date(0);
      function f(now: () => number = () => Date.now()) {}
      function g({ now = Date.now }) {}
      const o = { clocks: Date.now };
    `;
    const files = [sourceOf('core/x.ts', text)];
    expect(places(files, isAny)).toEqual(['core/x.ts:2']);
    expect(places(files, isClockTaken)).toEqual(['core/x.ts:7', 'core/x.ts:8']);
    expect(places(files, (node) => isClock(node) && !isClockDefault(node))).toEqual([
      'core/x.ts:3',
      'core/x.ts:4',
      'core/x.ts:8',
    ]);
  });
});
