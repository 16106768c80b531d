import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import { SCHEMAS, type SqlDialectName } from '../../../../lib/stores/sql/sql-handle.js';
import {
  type Column,
  type ColumnDefinition,
  COLUMNS,
  INDEXED,
  PRIMARY,
  SESSION_TABLE,
} from '../../../../lib/stores/sql/session-table.js';
import { changeOf, newRecord } from '../../../../lib/testing/contract/records.js';
import { TRIES_ALL } from '../../../support/scope.js';
import { type Application, APPLICATIONS } from './support/applications.js';
import { remedyOf, statementsOf } from './support/remedy.js';

/** Types that a column might have in another table, each too narrow or another kind of value. */
const OTHER_TYPES: Record<SqlDialectName, (definition: ColumnDefinition) => string[]> = {
  postgres({ type, length }) {
    const narrower = {
      varchar: `varchar(${length! - 1})`,
      text: 'varchar(9999)',
      int: 'smallint',
      bigint: 'int',
    };
    const others = {
      varchar: ['uuid', 'char(700)'],
      text: ['jsonb', 'bytea'],
      int: ['text'],
      bigint: ['text'],
    };
    const time = type === 'bigint' ? ['timestamptz DEFAULT now()', 'double precision'] : [];
    return [narrower[type], ...others[type], ...time];
  },
  mysql({ type, length }) {
    const exact = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
    switch (type) {
      case 'varchar':
        return [
          `varchar(${length! - 1}) ${exact}`,
          `varchar(${length})`, // in the character set of the database, which is latin1
          `varchar(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
          `varbinary(${length})`,
        ];
      case 'text':
        return [`text ${exact}`, 'longblob', 'longtext'];
      case 'int':
        return ['smallint', `varchar(20) ${exact}`];
      case 'bigint':
        return ['int', 'datetime', 'double'];
    }
  },
  sqlite({ type }) {
    if (type === 'int' || type === 'bigint') return ['text', 'real', 'datetime'];
    return ['integer', 'blob', '', 'text COLLATE NOCASE', 'varchar(64) COLLATE RTRIM'];
  },
};

/** The tables of other shapes, made from the definition of the right one. */
function shapesOf(dialect: SqlDialectName): [name: string, shape: (sql: string) => string][] {
  const { quote } = SCHEMAS[dialect];
  /** The lines that name a column, which each stands in a line of its own. */
  const lines = (column: Column, other: (line: string) => string) => (sql: string) => {
    const name = quote(SESSION_TABLE[column].name);
    const some = sql.split('\n').map((line) => (line.startsWith(`  ${name} `) ? other(line) : line));
    return some.filter((line) => line !== '').join('\n');
  };
  const withType = (column: Column, type: string) => {
    const { nullable } = SESSION_TABLE[column];
    const rest = nullable ? '' : ' NOT NULL';
    const key = column === PRIMARY ? ' PRIMARY KEY' : '';
    return lines(column, () => `  ${quote(SESSION_TABLE[column].name)} ${type}${rest}${key},`);
  };
  const withoutIndex = (column: Column) => (sql: string) =>
    sql
      .split('\n')
      .filter((line) => !line.includes('INDEX') || !line.includes(`(${quote(SESSION_TABLE[column].name)})`))
      .join('\n')
      .replace(/,\n\)/, '\n)');

  return COLUMNS.flatMap((column): [string, (sql: string) => string][] => {
    const definition = SESSION_TABLE[column];
    const without = (sql: string) =>
      withoutIndex(column)(lines(column, () => '')(sql)).replace(/,\n\)/, '\n)');
    return [
      [`without ${definition.name}`, without],
      ...OTHER_TYPES[dialect](definition)
        .slice(0, TRIES_ALL ? undefined : 1)
        .map((type): [string, (sql: string) => string] => [
          `with ${definition.name} as ${type || 'a column without a type'}`,
          (sql) => withType(column, type)(sql).replace(/,\n\)/, '\n)'),
        ]),
      ...(definition.nullable
        ? [
            [
              `with ${definition.name} NOT NULL`,
              lines(column, (line) => line.replace(/(,?)$/, ' NOT NULL$1')),
            ] as [string, (sql: string) => string],
          ]
        : []),
      ...(column === PRIMARY
        ? [
            ['without a primary key', (sql: string) => sql.replace(' PRIMARY KEY', '')] as [
              string,
              typeof without,
            ],
          ]
        : []),
      ...(INDEXED.includes(column)
        ? [[`without the index of ${definition.name}`, withoutIndex(column)] as [string, typeof without]]
        : []),
    ];
  });
}

describe.each(Object.entries(APPLICATIONS))('a table of another shape, through %s', (kind, open) => {
  if (open === undefined) {
    test.skip(`${kind} is not there`, () => undefined);
    return;
  }
  const dialect = kind === 'postgres' || kind === 'mysql' ? kind : 'sqlite';
  let application: Application;
  let count = 0;

  beforeAll(async () => void (application = await open()));
  afterAll(async () => {
    await application.end();
    await application.drop();
  });

  test.each(shapesOf(dialect))('%s, is refused with the statements that correct it', async (_, shape) => {
    const table = `shape_${++count}`;
    const right = sessionTable(dialect, { table });
    const other = shape(right);
    expect(other).not.toBe(right);
    for (const statement of statementsOf(other)) await application.run(statement);

    const store = new SqlSessionStore(application.handle, { table });
    const refusal = await store.start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SessionOptionsError);
    expect((refusal as Error).message).toMatch(`The session table ${table} cannot store sessions correctly`);
    for (const statement of remedyOf(refusal)) await application.run(statement);

    await store.start();
    const record = newRecord();
    const change = changeOf(record, { userId: 'ada' });
    expect(await store.create([record])).toEqual([true]);
    expect(await store.update([change])).toEqual([true]);
    expect(await store.read([record.key])).toEqual([change.next]);
  });
});
