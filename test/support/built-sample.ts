import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { findResource } from './resources/find.js';

await findResource('dist'); // what the samples import

const SAMPLES = fileURLToPath(new URL('../../sample/', import.meta.url));

/**
 * Builds a sample, and the package that it imports, for processes of its own, as `tsc` would but without a look at the types of
 * the sample. Answers the folder of its `main.js`.
 */
export async function buildSample(name: string): Promise<string> {
  const output = join(SAMPLES, name, 'dist');
  await Promise.all(
    [name, 'support'].map((folder) => buildFolder(join(SAMPLES, folder), join(output, folder))),
  );
  return join(output, name);
}

async function buildFolder(from: string, to: string): Promise<void> {
  const names = await readdir(from, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !/^(dist|\.data)\b/.test(name));
  await Promise.all(
    sources.map(async (name) => {
      const { code } = await transform(await readFile(join(from, name), 'utf8'), {
        filename: name,
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      });
      const file = join(to, name.replace(/\.ts$/, '.js'));
      await mkdir(dirname(file), { recursive: true });
      // Another spec file may build it at the same time, or run it already.
      const draft = `${file}.${randomUUID()}`;
      await writeFile(draft, code);
      await rename(draft, file);
    }),
  );
}
