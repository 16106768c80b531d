// Not `instanceof Error`: Jest's modules have an `Error` of their own.
export const hasCode = (error: unknown, ...codes: string[]) =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');
