import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './package.js';

const samples = readdirSync(`${ROOT}sample`).map((folder) => `sample/${folder}/README.md`);
const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...samples].filter((page) =>
  existsSync(ROOT + page),
);

/** Without code, in which brackets are no links and `#` begins no heading. */
function proseOf(page: string): string {
  return readFileSync(ROOT + page, 'utf8').replace(/^```.*?^```$/gms, '');
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

function leadsSomewhere(page: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(ROOT + target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

describe('links', () => {
  it.each(pages)('of %s lead to files and headings that are there', (page) => {
    const links = [...proseOf(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('that lead nowhere would be found', () => {
    expect(leadsSomewhere('README.md', 'sample/00-nothing')).toBe(false);
    expect(leadsSomewhere('README.md', '#no-such-heading')).toBe(false);
    expect(leadsSomewhere('README.md', '#options')).toBe(true);
  });
});

describe('the scripts that pages name', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: object };

  it('are there, and the README names each sample’s', () => {
    const named = pages.flatMap((page) =>
      [...readFileSync(ROOT + page, 'utf8').matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const starts = Object.keys(scripts).filter((name) => name.startsWith('start:'));
    expect(starts.filter((name) => !proseOf('README.md').includes(`${name}\``))).toEqual([]);
  });
});
