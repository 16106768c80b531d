import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { compile } from './compile.js';
import { ROOT } from './package.js';

/** What the application of the README has, beside the code that is shown. */
const AROUND: Record<string, string> = {
  'users.ts': `
    export class LoginDto { readonly name!: string; readonly password!: string }
    export class Users { check(_dto: LoginDto): Promise<string> { return Promise.resolve('ada'); } }
  `,
  'config.ts': `
    export class ConfigModule {}
    export class ConfigService { getOrThrow(_name: string): string { return ''; } }
  `,
};

const readme = readFileSync(`${ROOT}README.md`, 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

/**
 * Blocks are files of one application. The comment in its first line names a block (`// app.module.ts`), else the class it
 * exports does (`TinyStore`: `tiny-store.ts`).
 */
function filesOf(codes: readonly string[]): Record<string, string> {
  const files: Record<string, string> = {};
  codes.forEach((code, index) => {
    const named = /^\/\/ ([\w.-]+\.ts)\n/.exec(code)?.[1];
    const exported = /^export class (\w+)/m.exec(code)?.[1];
    const fallback = exported?.replace(/(?<=.)([A-Z])/g, '-$1').toLowerCase() ?? `block-${index + 1}`;
    const name = named ?? `${fallback}.ts`;
    files[name in files ? `block-${index + 1}.ts` : name] = `${code}\nexport {};\n`;
  });
  return files;
}

describe('the code in README.md', () => {
  it('is there', () => {
    expect(blocks.length).toBeGreaterThan(0);
    expect(readme.match(/^```(typescript|js|javascript)$/gm)).toBeNull(); // would not be compiled
  });

  it('compiles, as one application', () => {
    expect(compile({ ...AROUND, ...filesOf(blocks) })).toEqual([]);
  }, 30_000);

  it('names nothing that the package does not export', () => {
    const wrong = filesOf(["import { SessionModul } from 'nest-session';\nvoid SessionModul;\n"]);
    expect(compile(wrong)).toEqual([expect.stringContaining('SessionModul')]);
  }, 30_000);
});
