export interface Note {
  id: string;
  text: string;
  /** ISO 8601: a session holds JSON. */
  writtenAt: string;
}

/** A session is no archive. */
export const MOST_NOTES = 50;
export const LONGEST_NOTE = 500;

/** What is wrong with a note that somebody wants to add, if anything. */
export function noteProblem(text: string, notes: readonly Note[]): string | undefined {
  if (text === '') return 'Write something first.';
  if (text.length > LONGEST_NOTE) return `Make it shorter: ${LONGEST_NOTE} characters at most.`;
  if (notes.length >= MOST_NOTES) return `There are ${MOST_NOTES} notes. Remove one first.`;
  return undefined;
}
