import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { ROOT } from './package.js';
import { blocksOf, fileNameOf, textOf } from './pages.js';
import { type PageRun, RUNS } from './run/pages.js';

const HARNESS = fileURLToPath(new URL('./run/serve-pages.mjs', import.meta.url));

/** What the reader has beside the code that is shown. */
const USERS = `
  export class LoginDto {}
  export class Users { async check() { return 'ada'; } }
  Reflect.defineMetadata('__injectable__', true, Users);
`;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

mkdirSync(join(ROOT, '.data'), { recursive: true });
/** In the scope of the package, whose name is then found; ignored by git. */
const folder = mkdtempSync(join(ROOT, '.data/pages-'));

/** Writes the code of a page as JavaScript. A call of `SessionModule.forRoot()` that stands alone is exported. */
function writeFiles({ page }: PageRun): string {
  const target = mkdtempSync(join(folder, 'page-'));
  writeFileSync(join(target, 'users.js'), USERS);
  const blocks = blocksOf(textOf(page)).filter(({ language }) => language === 'ts');
  blocks.forEach((block, index) => {
    const code = block.code.replace(/^SessionModule\.forRoot\(/m, 'export default SessionModule.forRoot(');
    const { outputText } = ts.transpileModule(code, { compilerOptions: OPTIONS });
    const name = (fileNameOf(block) ?? `block-${index + 1}.ts`).replace(/\.ts$/, '.js');
    writeFileSync(join(target, name), outputText);
  });
  return target;
}

type Result = { readonly answers: [status: number, body: string][] } | { readonly error: string };

/** Runs the code of all pages in one process: loading Nest and the drivers takes longer than all of them. */
async function serve(): Promise<Result[]> {
  const runs = RUNS.map((run) => ({
    ...run,
    files: run.files.map((name) => name.replace(/\.ts$/, '.js')),
    folder: writeFiles(run),
  }));
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=NEST_SESSION', HARNESS, JSON.stringify(runs)],
    {
      cwd: ROOT,
      env: {
        ...env,
        SESSION_SECRET: 'ab'.repeat(32),
        SESSION_KEY: 'cd'.repeat(32),
        OFFICE_SECRET: 'ef'.repeat(32),
      },
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result[];
}

/** The code that forms an application without a server is run, too; the quick start has a test of its own. */
describe('the code of the pages, run', () => {
  let results: Result[];
  beforeAll(async () => {
    results = await serve();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(RUNS.map((run, index) => [`${run.page}: ${run.files.join(', ')}`, run, index] as const))(
    'starts and answers: %s',
    (_name, { answers: expected = [] }, index) => {
      const result = results[index]!;
      if ('error' in result) throw new Error(result.error);
      expect(
        result.answers.map(([status, body], at) =>
          typeof expected[at] === 'number' ? status : [status, parsed(body)],
        ),
      ).toEqual(expected);
    },
  );
});

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
