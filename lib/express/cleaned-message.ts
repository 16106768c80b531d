import type { Confidential, MessageRule } from '../core/store/safe-error.js';
import { messages } from '../errors/messages.js';

/**
 * Failures whose messages quote only names (tables, columns, constraints), by SQLSTATE (PostgreSQL) and by number (MySQL
 * and MariaDB): no permission, no such table or column, NULL, a value that is too long or out of range, a constraint.
 */
const QUOTE_NAMES: ReadonlySet<unknown> = new Set([
  ...['23502', '23503', '23505', '23514', '28P01', '3D000', '42501', '42703', '42P01'],
  ...[1045, 1048, 1054, 1142, 1143, 1146, 1264, 1406],
]);

/** How many characters of a message are kept. */
const MOST_TEXT = 500;

/** Characters of session data that a message is compared with. With more, the message is left out. */
const MOST_COMPARED = 2 ** 20;

/**
 * The message that an error of a store has for the drop-in, whose applications get the store's own errors, as with
 * express-session: without quotations, and without what the call was about.
 */
export const cleanedMessage: MessageRule = (message, _error, { code, errno }, about) => {
  const quotesNames = QUOTE_NAMES.has(code) || QUOTE_NAMES.has(errno);
  const text = quotesNames ? message : withoutQuoted(message);
  const short = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return withoutConfidential(short, about) || messages.driverSilent;
};

/** A quotation mark, but not an apostrophe as in "doesn't". */
const QUOTE = /["`“”‘«»]|'(?!(?:t|s|re|ve|ll|d|m)\b)|(?<![a-z])'/gi;

/** Removes everything from the first quotation mark to the last, because a quotation may hold some itself. */
function withoutQuoted(message: string): string {
  const places = Array.from(message.matchAll(QUOTE), ({ index }) => index);
  const [first] = places;
  if (first === undefined) return message;
  const end = places.length === 1 ? message.length : places.at(-1)! + 1;
  return `${message.slice(0, first)}…${message.slice(end)}`;
}

/** The length from which names are also found inside words, and words inside texts. */
const LONG_NAME = 6;
const LONG_WORD = 5;

const SHORTEST_NAME = 2;

/** Removes names, and words that occur in the data. */
function withoutConfidential(message: string, { names, texts }: Confidential): string {
  const compared = texts.reduce((sum, { length }) => sum + length, 0);
  if (compared > MOST_COMPARED) return messages.driverSilent;
  let text = message;
  for (const name of names) if (name.length >= LONG_NAME) text = text.replaceAll(name, '…');
  const sources = [...names, ...texts];
  return text.replace(/[\p{L}\p{N}_]+/gu, (word) => {
    const isPart = word.length >= LONG_WORD && sources.some((source) => source.includes(word));
    return isPart || (word.length >= SHORTEST_NAME && names.includes(word)) ? '…' : word;
  });
}
