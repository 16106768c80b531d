import { messages } from '../../../errors/messages.js';
import { SessionOptionsError } from '../../../errors/session-options.error.js';
import { type Column, COLUMNS, SESSION_TABLE } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import type { SqlNames } from '../sql-dialect.js';

/** The first versions that know `SKIP LOCKED`. */
const OLDEST = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

/** The collation that tells every text from every other. */
const EXACT = 'utf8mb4_bin';

interface Server {
  readonly version: string;
  readonly results: string | null;
  readonly packet: string | number;
}

interface ColumnRow {
  readonly Field: string;
  readonly Type: string;
  readonly Collation: string | null;
  readonly Null: string;
}

/**
 * Checks that nothing can be cut off, changed or mistaken on its way to the table and back.
 *
 * @returns How many bytes a statement may have.
 * @throws SessionOptionsError that says what is wrong, and how to correct it.
 */
export async function checkMysql(run: RunSql, names: SqlNames): Promise<number> {
  const [server] = await run<Server>(
    'SELECT VERSION() AS version, @@character_set_results AS results, @@max_allowed_packet AS packet',
    [],
  );
  const { version, results, packet } = server!;
  if (isTooOld(version)) throw new SessionOptionsError(messages.mysqlTooOld(version));
  if (results !== null && results !== 'utf8mb4')
    throw new SessionOptionsError(messages.mysqlCharset(results));

  const rows = await run<ColumnRow>(`SHOW FULL COLUMNS FROM ${names.table}`, []);
  const byName = new Map(rows.map((row) => [`\`${row.Field.replaceAll('`', '``')}\``, row]));
  const wrong = COLUMNS.flatMap((column) => {
    const row = byName.get(names.column(column));
    const type = row && typeFor(column, row);
    return type === undefined ? [] : [`MODIFY ${names.column(column)} ${type}`];
  });
  if (wrong.length > 0) {
    const statement = `ALTER TABLE ${names.table} ${wrong.join(', ')}`;
    throw new SessionOptionsError(messages.mysqlColumns(names.table, statement));
  }
  return Number(packet);
}

function isTooOld(version: string): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10)) as [number, number];
  const oldest = OLDEST[version.includes('MariaDB') ? 'MariaDB' : 'MySQL'];
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

/** What the column should be, if it is not. */
function typeFor(column: Column, { Type, Collation, Null }: ColumnRow): string | undefined {
  const nullable = Null === 'YES' ? 'NULL' : 'NOT NULL';
  const { type, length = 0 } = SESSION_TABLE[column];
  switch (type) {
    case 'varchar': {
      const isRight = Number(/^varchar\((\d+)\)/i.exec(Type)?.[1] ?? 0) >= length && Collation === EXACT;
      return isRight ? undefined : `VARCHAR(${length}) CHARACTER SET utf8mb4 COLLATE ${EXACT} ${nullable}`;
    }
    case 'text': {
      const isRight = /^(medium|long)text/i.test(Type) && Collation === EXACT;
      return isRight ? undefined : `LONGTEXT CHARACTER SET utf8mb4 COLLATE ${EXACT} ${nullable}`;
    }
    case 'int':
      return /^(big)?int/i.test(Type) ? undefined : `INT ${nullable}`;
    case 'bigint':
      return /^bigint/i.test(Type) ? undefined : `BIGINT ${nullable}`;
  }
}
