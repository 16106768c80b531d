import { type SessionRecord, type SessionSummary, unreadable } from '../../core/record/session-record.js';
import type { StoreOutcome } from '../../core/store/session-store.js';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import { type Column, COLUMNS, SESSION_TABLE } from './session-table.js';

/** The largest number of each type. A 64-bit column holds larger ones, a number of JavaScript does not. */
const LARGEST = { int: 2_147_483_647, bigint: Number.MAX_SAFE_INTEGER } as const;

/** The columns that hold numbers. */
const NUMBERS = COLUMNS.filter((column) => SESSION_TABLE[column].type in LARGEST);

/** 64-bit integers arrive as text, or as whatever the application has configured its driver to return. */
export function withNumbers<Row extends SessionSummary>(row: Row): Row {
  const values = row as Partial<Record<Column, unknown>>;
  for (const column of NUMBERS) {
    const value = values[column];
    if (value !== null && value !== undefined) values[column] = Number(value);
  }
  return row;
}

/**
 * Answers each item that no column can hold with its error, and writes the others. The database is not left to decide
 * that: MySQL cuts off what is too long where its `sql_mode` is not strict, and rounds a fraction in any mode. SQLite
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
 * A record as it was read from a database that keeps any value in any column (SQLite). A record that no session was
 * ever written as, but by hand, becomes unreadable, and is no error for the records that are read with it.
 */
export function checked(record: SessionRecord): SessionRecord {
  const isRight = COLUMNS.every((column) => {
    const value = record[column];
    if (value === null) return true;
    const type = SESSION_TABLE[column].type in LARGEST ? 'number' : 'string';
    return typeof value === type && whatFits(column, value) === undefined;
  });
  return isRight ? record : unreadable({ ...record, data: '' });
}

function refusalOf(record: SessionRecord): Error | undefined {
  for (const column of COLUMNS) {
    const accepted = whatFits(column, record[column]);
    if (accepted !== undefined) return new StoreFault(messages.columnRefused(column, accepted));
  }
  return undefined;
}

/** What the column accepts, if that is not the value. */
function whatFits(column: Column, value: string | number | null): string | undefined {
  if (value === null) return undefined;
  const { type, length = Infinity } = SESSION_TABLE[column];
  if (typeof value === 'number') {
    const largest = LARGEST[type as keyof typeof LARGEST];
    return Number.isInteger(value) && Math.abs(value) <= largest
      ? undefined
      : `whole numbers up to ${largest}`;
  }
  if (value.length > length && [...value.slice(0, 2 * length + 1)].length > length)
    return `texts of at most ${length} characters`;
  return value.includes('\0') ? 'texts without NUL' : undefined;
}
