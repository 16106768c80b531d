/** A row of the tables in docs/tested/security.md. */
export interface Row {
  readonly statement: string;
  readonly does: string;
  /** The file in `attacks`, and the name in it. */
  readonly file: string;
  readonly attack: string;
}

/** The rows of all tables whose last column names a test: `file.ts`: name. */
export function rowsOf(markdown: string): Row[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines
    .filter((line) => !/^\|[\s|-]+$/.test(line) && !line.startsWith('| statement |'))
    .map((line) => {
      const [, statement, does, file, attack] =
        /^\| (.+?) \| (.+) \| `([\w-]+\.ts)`: (.+) \|$/.exec(line) ?? [];
      if (!statement || !does || !file || !attack)
        throw new Error(`docs/tested/security.md has a row of another form: ${line}`);
      return { statement, does, file, attack };
    });
}
