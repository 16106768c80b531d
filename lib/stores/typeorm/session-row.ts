import { type SessionRecord, type SessionSummary, unreadable } from '../../core/session-record.js';
import type { StoreOutcome } from '../../core/session-store.js';
import { messages } from '../../errors/messages.js';
import type { Column } from './sql-dialect.js';

/** The columns of a session, in the order in which statements name them. */
export const COLUMNS = [
  'key',
  'previousKey',
  'version',
  'userId',
  'data',
  'meta',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
  'authenticatedAt',
  'ip',
  'userAgent',
] as const satisfies readonly Column[];

/** Those that a list of sessions shows. */
export const SUMMARY = COLUMNS.filter((column) => !['data', 'meta', 'previousKey'].includes(column));

/** Those that a touch changes. */
export const TOUCHED = ['lastSeenAt', 'expiresAt', 'ip', 'userAgent'] as const satisfies readonly Column[];

/** Those that hold numbers. */
const NUMBERS = ['version', 'createdAt', 'lastSeenAt', 'expiresAt', 'authenticatedAt'] as const;

/** How many characters a column holds. */
export const LENGTHS: Partial<Record<Column, number>> = {
  key: 64,
  previousKey: 64,
  userId: 255,
  ip: 64,
  userAgent: 512,
};

const TEXTS: ReadonlySet<Column> = new Set<Column>(['data', 'meta', ...(Object.keys(LENGTHS) as Column[])]);

/** 64-bit integers come as text, or as whatever the application had its driver make of them. */
export function withNumbers<Row extends SessionSummary>(row: Row): Row {
  const numbers: { -readonly [P in (typeof NUMBERS)[number]]: SessionRecord[P] } = row;
  for (const property of NUMBERS) {
    if (numbers[property] !== null) numbers[property] = Number(numbers[property]);
  }
  return row;
}

const LARGEST_INT = 2_147_483_647;
const LARGEST_BIGINT = 2 ** 63 - 1024; // as far as a number goes there

/**
 * Answers each item that no column can hold with its error, and writes the others. The database is not left to decide
 * that: MySQL cuts off what is too long where its `sql_mode` is not strict, and rounds a fraction in any mode; SQLite
 * cuts off a text at NUL.
 */
export async function refusing<Item>(
  items: readonly Item[],
  recordOf: (item: Item) => SessionRecord,
  write: (items: readonly Item[]) => Promise<readonly StoreOutcome[]>,
): Promise<StoreOutcome[]> {
  const refusals = items.map((item) => refusalOf(recordOf(item)));
  const outcomes = (await write(items.filter((_, index) => refusals[index] === undefined))).values();
  return refusals.map((refusal) => refusal ?? outcomes.next().value!);
}

/**
 * A record as it was read from a database that keeps any value in any column (SQLite): one that no session was ever
 * written as, but by hand, is nobody's, and must be no error for those who are read beside it.
 */
export function checked(record: SessionRecord): SessionRecord {
  const isRight = COLUMNS.every((column) => {
    const value = record[column];
    if (value === null) return true;
    return (
      typeof value === (TEXTS.has(column) ? 'string' : 'number') && whatFits(column, value) === undefined
    );
  });
  return isRight ? record : unreadable({ ...record, data: '' });
}

function refusalOf(record: SessionRecord): Error | undefined {
  for (const column of COLUMNS) {
    const accepted = whatFits(column, record[column]);
    if (accepted !== undefined) return new Error(messages.columnRefused(column, accepted));
  }
  return undefined;
}

/** What the column accepts, where that is not the value. */
function whatFits(column: Column, value: string | number | null): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number') {
    const largest = column === 'version' ? LARGEST_INT : LARGEST_BIGINT;
    return Number.isInteger(value) && Math.abs(value) <= largest
      ? undefined
      : `whole numbers up to ${largest}`;
  }
  const length = LENGTHS[column] ?? Infinity;
  if (value.length > length && [...value.slice(0, 2 * length + 1)].length > length)
    return `texts of at most ${length} characters`;
  return value.includes('\0') ? 'texts without NUL' : undefined;
}
