/** What SQLite says of an error: the same through every driver, while not all pass its codes on. */
export function sqliteMessage(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message);
}

/** Whether a statement answers with rows. */
export function isRead(sql: string): boolean {
  return !isWrite(sql) || /\sRETURNING\s/.test(sql);
}

/** Whether a statement changes something. */
export function isWrite(sql: string): boolean {
  return /^(WITH \w+ AS \([^)]*\)\)\s)?(INSERT|UPDATE|DELETE)\s/.test(sql);
}
