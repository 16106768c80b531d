import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { ROOT } from './package.js';
import { blocksOf, fileNameOf, textOf } from './pages.js';
import { type PageRun, RUNS } from './run/pages.js';

const HARNESS = fileURLToPath(new URL('./run/serve-page.mjs', import.meta.url));

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

async function serve(run: PageRun): Promise<[status: number, body: string][]> {
  const files = run.files.map((name) => name.replace(/\.ts$/, '.js'));
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=NEST_SESSION', HARNESS, JSON.stringify({ ...run, files, folder: writeFiles(run) })],
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
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as [number, string][];
}

/** The code that forms an application without a server is run, too; the quick start has a test of its own. */
describe('the code of the pages, run', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(RUNS.map((run) => [`${run.page}: ${run.files.join(', ')}`, run] as const))(
    'starts and answers: %s',
    async (_name, run) => {
      const answers = await serve(run);
      const expected = run.answers ?? [];
      expect(
        answers.map(([status, body], index) =>
          typeof expected[index] === 'number' ? status : [status, parsed(body)],
        ),
      ).toEqual(expected);
    },
    60_000,
  );
});

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
