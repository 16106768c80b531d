import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { SESSION_MEMBERS } from '../../../lib/core/session.js';
import * as nestSession from '../../../lib/index.js';
import { compile } from '../compile.js';
import { ROOT } from '../package.js';
import { type Block, blocksOf, fileNameOf, PAGES, textOf } from '../pages.js';

/** What the applications of the pages have, beside the code that is shown. */
const AROUND: Record<string, string> = {
  'users.ts': `
    export class LoginDto { readonly name!: string; readonly password!: string }
    export class Users { check(_dto: LoginDto): Promise<string> { return Promise.resolve('ada'); } }
  `,
  'config.ts': `
    export class ConfigModule {}
    export class ConfigService { getOrThrow(_name: string): string { return ''; } }
  `,
  'app.module.ts': 'export class AppModule {}',
  'item.ts': 'export class Item {}',
  'untyped.d.ts': [
    'better-sqlite3',
    'connect-mongo',
    'connect-pg-simple',
    'connect-typeorm',
    'express-session',
    'nestjs-session',
  ]
    .map((name) => `declare module '${name}';`)
    .join('\n'),
};

/** test/consumers compiles and runs its code, with the packages that it is about. */
const ELSEWHERE = 'docs/stores/orms.md';

/** Would not be compiled. */
const OTHER_NAMES = ['typescript', 'js', 'javascript'];

/**
 * The blocks of a page are files of one application. The comment in its first line names a block (`// app.module.ts`), else
 * the class it exports does (`TinyStore`: `tiny-store.ts`).
 */
function filesOf(blocks: readonly Pick<Block, 'code'>[]): Record<string, string> {
  const files: Record<string, string> = {};
  blocks.forEach((block, index) => {
    const exported = /^export class (\w+)/m.exec(block.code)?.[1];
    const fallback = exported?.replace(/(?<=.)([A-Z])/g, '-$1').toLowerCase() ?? `block-${index + 1}`;
    const name = fileNameOf(block) ?? `${fallback}.ts`;
    files[name in files ? `block-${index + 1}.ts` : name] = `${block.code}\nexport {};\n`;
  });
  return files;
}

describe('README.md', () => {
  it('is read in five minutes: at most 14 KB', () => {
    expect(Buffer.byteLength(textOf('README.md'))).toBeLessThanOrEqual(14 * 1024);
  });
});

describe('the code of the pages', () => {
  const pages = PAGES.map((page) => ({ page, blocks: blocksOf(textOf(page)) }));
  const withCode = pages.filter(
    ({ page, blocks }) => page !== ELSEWHERE && blocks.some(({ language }) => language === 'ts'),
  );

  it('is marked as code that is compiled', () => {
    const all = pages.flatMap(({ page, blocks }) => blocks.map(({ language }) => `${page}: ${language}`));
    expect(all.filter((name) => OTHER_NAMES.includes(name.split(': ')[1]!))).toEqual([]);
  });

  it.each(withCode)(
    'compiles, as one application: $page',
    ({ blocks }) => {
      const code = blocks.filter(({ language }) => language === 'ts');
      expect(compile({ ...AROUND, ...filesOf(code) })).toEqual([]);
    },
    60_000,
  );

  it('names nothing that the package does not export', () => {
    const wrong = filesOf([{ code: "import { SessionModul } from 'nest-session';\nvoid SessionModul;\n" }]);
    expect(compile(wrong)).toEqual([expect.stringContaining('SessionModul')]);
  });
});

describe('the tables of the pages', () => {
  /** What stands in code in the first column of a page's tables. */
  function firstColumnOf(page: string): string[] {
    const rows = textOf(page).matchAll(/^\| (.+?) \|/gm);
    return [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`([\w.]+)[^`]*`/g)].map(([, name]) => name!));
  }

  function namesOf(interfaceName: string): string[] {
    const source = readFileSync(`${ROOT}lib/options/session-options.interface.ts`, 'utf8');
    const [, body = ''] =
      new RegExp(`^export interface ${interfaceName} .*?\\{\\n(.*?)^\\}`, 'ms').exec(source) ?? [];
    return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name!);
  }

  it('have every option', () => {
    const names = namesOf('SessionModuleOptions');
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !firstColumnOf('docs/options.md').includes(name))).toEqual([]);
  });

  it('have every member of a session', () => {
    const shown = firstColumnOf('docs/sessions.md');
    expect([...SESSION_MEMBERS].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('have every error with its code and its status', () => {
    const rows = textOf('docs/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const bases = ['SessionError', 'SessionAccessError'];
    const classes = Object.keys(nestSession).filter(
      (name) => name.endsWith('Error') && !bases.includes(name),
    );
    expect(classes.length).toBeGreaterThan(10);
    expect(classes.filter((name) => !rows.some((row) => row.startsWith(`| \`${name}\` | \``)))).toEqual([]);
    expect(bases.filter((name) => !textOf('docs/errors.md').includes(`\`${name}\``))).toEqual([]);
  });

  it('have every step of SessionGuard, and every code that it answers', () => {
    const page = textOf('docs/guards-and-login.md');
    const guard = readFileSync(`${ROOT}lib/guards/session.guard.ts`, 'utf8');
    const steps = [...guard.matchAll(/^ {2}protected (?:async )?(\w+)\(/gm)].map(([, name]) => name!);
    expect(steps.length).toBeGreaterThan(14);
    const folder = `${ROOT}lib/errors/access/`;
    const errors = readdirSync(folder).map((file) => readFileSync(`${folder}${file}`, 'utf8'));
    const codes = errors.flatMap((text) => /super\('(\w+)'/.exec(text)?.[1] ?? []);
    expect(codes).toHaveLength(8);
    expect([...steps, ...codes].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
