export interface Note {
  id: string;
  text: string;
  /** ISO 8601, because a session holds JSON. */
  writtenAt: string;
}

/** A session is not an archive. */
export const MOST_NOTES = 50;
export const LONGEST_NOTE = 500;

/** What is wrong with a new note, or undefined. */
export function noteProblem(text: string, notes: readonly Note[]): string | undefined {
  if (text === '') return 'Write something first.';
  if (text.length > LONGEST_NOTE) return `Make the note shorter, at most ${LONGEST_NOTE} characters.`;
  if (notes.length >= MOST_NOTES) return `You have ${MOST_NOTES} notes. Remove one first.`;
  return undefined;
}
