/** A user id as text, or undefined for what is none: a string of 1 to 255 characters without NUL, or a finite number. */
export function userIdText(userId: unknown): string | undefined {
  if (typeof userId === 'number' && Number.isFinite(userId)) return String(userId);
  return typeof userId === 'string' && /^[^\0]{1,255}$/u.test(userId) ? userId : undefined;
}
