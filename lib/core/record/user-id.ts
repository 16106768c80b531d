/**
 * A user id as text, or undefined for what is none: a string of 1 to 255 characters, or a finite number. NUL and halves of
 * surrogate pairs are no characters: databases refuse them, or take all halves for the same.
 */
export function userIdText(userId: unknown): string | undefined {
  if (typeof userId === 'number' && Number.isFinite(userId)) return String(userId);
  return typeof userId === 'string' && /^[^\0\p{Surrogate}]{1,255}$/u.test(userId) ? userId : undefined;
}
