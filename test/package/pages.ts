import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './package.js';

/** The pages for users. */
export const PAGES: readonly string[] = [
  ...['README.md', 'SECURITY.md', 'CHANGELOG.md'].filter((page) => existsSync(ROOT + page)),
  ...readdirSync(`${ROOT}docs`, { recursive: true })
    .map((name) => `docs/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.md') && !/^docs\/(site|tested)\//.test(name))
    .sort(),
];

/** The pages that are published with the package: all but two long ones that few need. */
export const PACKED_PAGES: readonly string[] = PAGES.filter(
  (page) => !['docs/writing-a-store.md', 'docs/stores/orms.md'].includes(page),
);

/** What the pages show. */
export const IMAGES: readonly string[] = readdirSync(`${ROOT}docs/images`).map(
  (name) => `docs/images/${name}`,
);

/** The pages that are in the repository only. */
export const REPOSITORY_PAGES: readonly string[] = [
  'CONTRIBUTING.md',
  ...readdirSync(`${ROOT}docs/tested`).map((name) => `docs/tested/${name}`),
  ...readdirSync(`${ROOT}sample`)
    .map((folder) => `sample/${folder}/README.md`)
    .filter((page) => existsSync(ROOT + page)),
];

/** A block of code of a page. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** Where it begins in the text. */
  readonly at: number;
}

export function textOf(page: string): string {
  return readFileSync(ROOT + page, 'utf8');
}

/** The fenced blocks of code in a text, in order; blocks inside of a list are indented. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^( *)```(\S*)\n(.*?)^\1```$/gms)].map(
    ({ 1: indent = '', 2: language, 3: code, index }) => ({
      language: language!,
      code: code!.replace(new RegExp(`^${indent}`, 'gm'), ''),
      at: index,
    }),
  );
}

/** The file that the comment in the first line of a block names. */
export function fileNameOf({ code }: Pick<Block, 'code'>): string | undefined {
  return /^\/\/ ([\w./-]+\.\w+)\n/.exec(code)?.[1];
}
