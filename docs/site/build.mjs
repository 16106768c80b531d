// Builds the documentation site into docs/site/dist: the repository's pages with search, and an API reference from the comments
// of the public names. A dead link fails the build. With --serve, the site is served afterwards.
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

// Links to files with this extension lead to the file, not to a page. VitePress reads the variable when it is imported.
process.env.VITE_EXTRA_EXTENSIONS = 'sql';
const { build, serve } = await import('vitepress');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SITE = join(ROOT, 'docs/site');
const PAGES = join(SITE, '.pages');

await rm(PAGES, { recursive: true, force: true });
await copyPages();
await makeReference();
await build(SITE);
if (process.argv.includes('--serve')) {
  const port = Number(process.env.PORT ?? 4173);
  await serve({ root: SITE, port });
  console.log(`The documentation is at http://localhost:${port}/`);
}

/** Copies the pages to the same relative paths, so that links between them work. */
async function copyPages() {
  const samples = (await readdir(join(ROOT, 'sample'))).filter((name) => /^\d/.test(name));
  const docs = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter(
    (name) => name.endsWith('.md') && !name.startsWith('site'),
  );
  const pages = [
    ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
    ...docs.map((name) => join('docs', name)),
    ...samples.map((name) => join('sample', name, 'README.md')),
  ];
  for (const page of pages) {
    await mkdir(dirname(join(PAGES, page)), { recursive: true });
    await writeFile(join(PAGES, page), await withLinksOfSite(page));
  }
  await cp(join(ROOT, 'docs/images'), join(PAGES, 'docs/images'), { recursive: true });
  await cp(join(ROOT, 'LICENSE'), join(PAGES, 'LICENSE.md'));
}

/** Changes links to folders into links to the folder's README, and links to other files into links to a copy. */
async function withLinksOfSite(page) {
  let text = await readFile(join(ROOT, page), 'utf8');
  for (const [link, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    const path = join(dirname(page), target);
    const isFolder = (await stat(join(ROOT, path)).catch(() => undefined))?.isDirectory();
    if (isFolder) text = text.replaceAll(link, `](${target}/README.md)`);
    if (!path.endsWith('.sql')) continue;
    await cp(join(ROOT, path), join(PAGES, 'public', path));
    text = text.replaceAll(link, `](/${path})`);
  }
  return text;
}

async function makeReference() {
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const entries = Object.values(exports).filter(({ require }) => require !== undefined);
  const app = await Application.bootstrapWithPlugins({
    entryPoints: entries.map(({ types }) =>
      join(ROOT, types.replace('dist', 'lib').replace(/\.d\.ts$/, '.ts')),
    ),
    tsconfig: join(ROOT, 'lib/tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    outputs: [{ name: 'markdown', path: join(PAGES, 'api') }],
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    githubPages: false,
    entryFileName: 'README',
    logLevel: 'Warn',
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('The reference could not be made.');
  // Modules are named as applications import them.
  for (const module of project.children ?? [])
    module.name = join('nest-session', module.name.replace(/^stores\//, '').replace(/^index$/, ''));
  await app.generateOutputs(project);
  if (app.logger.hasWarnings() || app.logger.hasErrors())
    throw new Error('The reference has the problems above.');
}
