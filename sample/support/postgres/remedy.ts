export const REMEDY = 'set DATABASE_URL to a PostgreSQL server of your own';

export function cannotRun(file: string, cause: unknown): Error {
  const hint = 'a system with musl instead of glibc, or a folder mounted noexec? (TMPDIR moves the latter)';
  return new Error(`${file} cannot be run here, ${hint}: ${REMEDY}.`, { cause });
}
