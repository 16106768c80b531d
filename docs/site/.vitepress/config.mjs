import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The sidebar is made from the links and headings of docs/README.md. */
function sidebarOf(index) {
  const groups = [];
  for (const line of readFileSync(ROOT + index, 'utf8').split('\n')) {
    const [, heading] = /^## (.+)$/.exec(line) ?? [];
    if (heading !== undefined) groups.push({ text: heading, items: [], collapsed: false });
    if (!line.startsWith('- ')) continue;
    for (const [, text, link] of line.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g))
      groups
        .at(-1)
        .items.push({ text, link: new URL(link, `file:///${index}`).pathname.replace(/\.md$/, '') });
  }
  return [...groups, { text: 'Reference', items: [{ text: 'API', link: '/api/' }] }];
}

/** README.md becomes the index page of its folder. */
const asIndex = (path) => path.replace(/(^|\/)README\.md$/, '$1index.md');

export default defineConfig({
  title: 'nest-session',
  description: 'Server-side sessions for NestJS',
  srcDir: '.pages',
  outDir: 'dist',
  rewrites: asIndex,
  lastUpdated: false,
  vite: { build: { chunkSizeWarningLimit: 5_000 } }, // in kB; the search index is large
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quick start', link: '/#quick-start' },
      { text: 'Documentation', link: '/docs/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: sidebarOf('docs/README.md'),
  },
});
