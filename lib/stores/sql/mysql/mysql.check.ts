import { messages } from '../../../errors/messages.js';
import { SessionOptionsError } from '../../../errors/session-options.error.js';
import { CHANGEABLE, COLUMNS, PRIMARY } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import type { SqlNames } from '../sql-names.js';
import type { FoundTable } from '../table-schema.js';
import { EXACT, mysqlSchema } from './mysql.schema.js';
import { MysqlStatement } from './mysql.statement.js';

/** The first versions that know `SKIP LOCKED`. */
const OLDEST = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

/** The only engine of both with transactions and locks of single rows. */
const ENGINE = 'InnoDB';

interface Server {
  readonly version: string;
  readonly results: string | null;
  readonly packet: string | number;
  /** The engine of the table, if there is one and the user may know. */
  readonly engine?: string | null;
}

/**
 * Checks the server and the connection: nothing may be changed on its way.
 *
 * @returns How many bytes a statement may have, and the engine of the table.
 * @throws SessionOptionsError that says what is wrong, and how to correct it.
 */
export async function checkMysql(
  run: RunSql,
  { path }: SqlNames,
): Promise<{ readonly packet: number; readonly engine: string | undefined }> {
  const ask = new MysqlStatement();
  const schema = path.length > 1 ? ask.put(path[0]!) : 'DATABASE()';
  const [server] = await ask.run<Server>(
    run,
    `SELECT VERSION() AS version, @@character_set_results AS results, @@max_allowed_packet AS packet, (
  SELECT ENGINE
  FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ${ask.put(path.at(-1)!)}
) AS engine`,
  );
  const { version, results, packet, engine } = server!;
  if (version.includes('TiDB')) throw new SessionOptionsError(messages.serverUntried('TiDB', 'MySQL'));
  if (isTooOld(version)) throw new SessionOptionsError(messages.mysqlTooOld(version));
  if (results !== null && results !== 'utf8mb4')
    throw new SessionOptionsError(messages.mysqlCharset(results));
  return { packet: Number(packet), engine: engine ?? undefined };
}

function isTooOld(version: string): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10)) as [number, number];
  const oldest = OLDEST[version.includes('MariaDB') ? 'MariaDB' : 'MySQL'];
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

interface ColumnRow {
  readonly Field: string;
  readonly Type: string;
  readonly Collation: string | null;
  readonly Null: string;
  readonly Default: unknown;
  readonly Extra: string;
}

interface IndexRow {
  readonly Key_name: string;
  readonly Column_name: string | null;
}

/** The table is missing, or its database. */
const MISSING: ReadonlySet<unknown> = new Set([1146, 1049]);

/** Describes the table; `undefined` if there is none. */
export async function inspectMysql(
  run: RunSql,
  { table }: SqlNames,
  engine: string | undefined,
): Promise<FoundTable | undefined> {
  try {
    const columns = await run<ColumnRow>(`SHOW FULL COLUMNS FROM ${table}`, []);
    const indexes = await run<IndexRow>(`SHOW INDEX FROM ${table}`, []);
    return {
      columns: columns.map(({ Field, Type, Collation, Null, Default, Extra }) => ({
        name: Field,
        type: Type,
        isNullable: Null === 'YES',
        isOptional: Null === 'YES' || Default !== null || /auto_increment|generated/i.test(Extra),
        isInexact: Collation !== null && Collation !== EXACT.collation,
      })),
      // In the order of their columns. Statements name the primary key, so none other will do.
      indexes: indexes.map(({ Key_name, Column_name }) => ({
        index: Key_name,
        isUnique: Key_name === 'PRIMARY',
        column: Column_name,
        condition: null,
      })),
      faults:
        engine === undefined || engine === ENGINE
          ? []
          : [[`its engine is ${engine}, not ${ENGINE}`, `ALTER TABLE ${table} ENGINE = ${ENGINE};`]],
    };
  } catch (error) {
    if (MISSING.has((error as { errno?: unknown }).errno)) return undefined;
    throw error;
  }
}

/** Does what sessions need, each without a row. Which of them is not possible is said by the error. */
export async function probeMysql(run: RunSql, { table, column }: SqlNames): Promise<void> {
  const columns = COLUMNS.map(column);
  const changes = CHANGEABLE.map(column).map((name) => `${name} = ${name}`);
  const isNone = `WHERE ${column(PRIMARY)} = ''`; // no key is empty
  await run(
    `INSERT INTO ${table} (${columns.join(', ')})
SELECT ${columns.join(', ')}
FROM ${table}
${isNone}`,
    [],
  );
  await run(`UPDATE ${table}\nSET ${changes.join(', ')}\n${isNone}`, []);
  await run(`DELETE FROM ${table}\n${isNone}`, []);
}

/** The statement that gives the user of the connection the privileges that sessions need. */
export async function grantInMysql(run: RunSql, { table }: SqlNames): Promise<string> {
  const [row] = await run<{ user: string }>('SELECT CURRENT_USER() AS user', []);
  const [, name, host] = /^(.*)@(.*)$/s.exec(row!.user)!;
  const account = [name!, host!].map(mysqlSchema.quote).join('@');
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${account};`;
}
