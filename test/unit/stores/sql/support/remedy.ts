/** The statements that an error of `start()` gives to correct the table, or to create it. */
export function remedyOf(error: unknown): string[] {
  const { message } = error as Error;
  const remedy = /(?:Correct it(?: as the owner of the table)? with|returns for a migration):\n(.+)$/s.exec(
    message,
  )?.[1];
  if (remedy === undefined) throw new Error(`There is no remedy in: ${message}`);
  return statementsOf(remedy);
}

/** One statement each, for drivers that take no more. */
export function statementsOf(sql: string): string[] {
  return sql.split(/;\n?(?=\S|$)/).filter((statement) => statement !== '');
}
