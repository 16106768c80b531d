import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './package.js';
import { IMAGES, PACKED_PAGES, PAGES, REPOSITORY_PAGES, textOf } from './pages.js';

const pages = [...PAGES, ...REPOSITORY_PAGES];

/** Without code, in which brackets are no links and `#` begins no heading. */
function proseOf(page: string): string {
  return textOf(page).replace(/^( *)```.*?^\1```$/gms, '');
}

/** What a heading is called in links. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function targetOf(page: string, link: string): string {
  const [path] = link.split('#') as [string];
  return path === '' ? page : normalize(join(dirname(page), path));
}

function leadsSomewhere(page: string, link: string): boolean {
  const target = targetOf(page, link);
  const [, anchor] = link.split('#');
  if (!existsSync(ROOT + target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link!);
}

describe('links', () => {
  it.each(pages)('of %s lead to files and headings that are there', (page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('that lead nowhere would be found', () => {
    expect(leadsSomewhere('README.md', 'sample/00-nothing')).toBe(false);
    expect(leadsSomewhere('README.md', '#no-such-heading')).toBe(false);
    expect(leadsSomewhere('README.md', '#options')).toBe(true);
  });

  it('of README.md work in the unpacked package, too', () => {
    const packed = [...PACKED_PAGES, ...IMAGES, 'LICENSE'];
    expect(linksOf('README.md').filter((link) => !packed.includes(targetOf('README.md', link)))).toEqual([]);
  });

  it('lead from the index to every page', () => {
    const linked = linksOf('docs/README.md').map((link) => targetOf('docs/README.md', link));
    const all = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
    expect(all.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

describe('the scripts that pages name', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: object };

  it('are there, and the README names each sample’s', () => {
    const named = pages.flatMap((page) =>
      [...textOf(page).matchAll(/npm run (\w[\w:-]*)/g)].map(([, name]) => name!),
    );
    // The reader's own applications have a script of this name.
    expect(named.filter((name) => !(name in scripts) && name !== 'build')).toEqual([]);
    const starts = Object.keys(scripts).filter((name) => name.startsWith('start:'));
    expect(starts.filter((name) => !proseOf('README.md').includes(`${name}\``))).toEqual([]);
  });
});
