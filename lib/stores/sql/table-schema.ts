import {
  type Column,
  type ColumnDefinition,
  COLUMNS,
  INDEXED,
  PRIMARY,
  SESSION_TABLE,
} from './session-table.js';
import type { SqlNames } from './sql-names.js';

/** A column as the database describes it. */
export interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** Whether a row can be written without it. */
  readonly isOptional: boolean;
  /** Whether it takes one text for another, as `Ada` for `ada`. */
  readonly isInexact?: boolean;
}

/** One column of an index. Those of one index follow one another in their order. */
export interface FoundIndexColumn {
  readonly index: string | number;
  /** Whether there is no second row with the same values, so that it can serve as primary key. */
  readonly isUnique: boolean;
  /** `null` for an expression. */
  readonly column: string | null;
  /** The condition of the rows that it lists; `null` if that is all of them. */
  readonly condition: string | null;
}

/** The session table as the database describes it. */
export interface FoundTable {
  readonly columns: readonly FoundColumn[];
  readonly indexes: readonly FoundIndexColumn[];
  /** What is wrong with the table as a whole, each with the statement that corrects it. */
  readonly faults?: readonly (readonly [fault: string, remedy: string])[];
}

/** How one database writes the parts of a table. */
export interface TableSchema {
  quote(this: void, name: string): string;
  /** The type that a column is made with. */
  typeOf(this: void, definition: ColumnDefinition): string;
  /** Whether a column holds every value, unchanged. */
  fits(definition: ColumnDefinition, found: FoundColumn): boolean;
  /** The statements that make table and indexes, unless they are there. */
  create(names: SqlNames): string;
  addColumn(table: string, column: string, definition: ColumnDefinition): string;
  /** Gives a column the right type, and lets it be null if it may. `undefined` if the database cannot do that. */
  changeColumn(table: string, column: string, definition: ColumnDefinition): string | undefined;
  /** Lets a column be null that is not the store's. `undefined` if the database cannot do that. */
  allowNull(table: string, found: FoundColumn): string | undefined;
  addPrimaryKey(names: SqlNames): string;
  addIndex(names: SqlNames, column: Column): string;
}

/** What is wrong with a table. */
export interface TableFaults {
  readonly faults: readonly string[];
  /** The statements that correct all of it. */
  readonly remedy: string;
}

/** Compares a table with what sessions need. */
export function faultsOf(found: FoundTable, names: SqlNames, schema: TableSchema): TableFaults | undefined {
  const { table } = names;
  const remedies = new Map<string, string | undefined>(found.faults);
  const columns = new Map(found.columns.map((column) => [schema.quote(column.name), column]));

  for (const property of COLUMNS) {
    const definition = SESSION_TABLE[property];
    const column = names.column(property);
    const given = columns.get(column);
    if (given === undefined) {
      remedies.set(`column ${column} is missing`, schema.addColumn(table, column, definition));
    } else if (!schema.fits(definition, given) || given.isInexact) {
      const type = schema.typeOf(definition);
      const fault = `column ${column} has the type ${given.type}${given.isInexact ? ' and an inexact collation' : ''}, not ${type}`;
      remedies.set(fault, schema.changeColumn(table, column, definition));
    } else if (definition.nullable && !given.isNullable) {
      remedies.set(`column ${column} does not allow NULL`, schema.changeColumn(table, column, definition));
    }
    columns.delete(column);
  }
  for (const [column, extra] of columns) {
    if (extra.isOptional) continue;
    const fault = `column ${column}, which is not the store's, has no default and does not allow NULL`;
    remedies.set(fault, schema.allowNull(table, extra));
  }

  const indexes = indexesOf(found.indexes).map(({ columns: of, ...index }) => ({
    ...index,
    columns: of.map((name) => name !== null && schema.quote(name)),
  }));
  const primary = names.column(PRIMARY);
  const isPrimary = ({ isUnique, condition, columns: [first, second] }: (typeof indexes)[number]): boolean =>
    isUnique && condition === null && first === primary && second === undefined;
  if (!indexes.some(isPrimary))
    remedies.set(`${primary} is not the primary key`, schema.addPrimaryKey(names));
  for (const property of INDEXED) {
    const column = names.column(property);
    const { sparse = false } = SESSION_TABLE[property];
    const isRight = (condition: string | null): boolean =>
      condition === null || (sparse && isPresence(condition, column));
    if (!indexes.some(({ condition, columns: [first] }) => first === column && isRight(condition)))
      remedies.set(`column ${column} has no index`, schema.addIndex(names, property));
  }

  if (remedies.size === 0) return undefined;
  const statements = [...remedies.values()];
  return {
    faults: [...remedies.keys()],
    remedy: statements.includes(undefined)
      ? `DROP TABLE ${table};\n${schema.create(names)}`
      : [...new Set(statements)].join('\n'),
  };
}

interface Index {
  readonly isUnique: boolean;
  readonly condition: string | null;
  readonly columns: (string | null)[];
}

function indexesOf(found: readonly FoundIndexColumn[]): Index[] {
  const indexes = new Map<string | number, Index>();
  for (const { index, isUnique, column, condition } of found) {
    const known = indexes.get(index);
    if (known !== undefined) known.columns.push(column);
    else indexes.set(index, { isUnique, condition, columns: [column] });
  }
  return [...indexes.values()];
}

/** The condition of a sparse index: `undefined` for an index of all rows. */
export function presenceOf({ column }: SqlNames, property: Column): string | undefined {
  return SESSION_TABLE[property].sparse ? `${column(property)} IS NOT NULL` : undefined;
}

/** Whether a condition, as a database answers it, is that a column (quoted) has a value. */
function isPresence(condition: string, column: string): boolean {
  const name = /^\(?(.+?) IS NOT NULL\)?$/i.exec(condition)?.[1];
  return name === column || name === column.slice(1, -1);
}

/** The columns of the table, as `CREATE TABLE` takes them: one a line. */
export function columnLines({ column }: SqlNames, { typeOf }: Pick<TableSchema, 'typeOf'>): string[] {
  return COLUMNS.map((property) => {
    const definition = SESSION_TABLE[property];
    const key = property === PRIMARY ? ' PRIMARY KEY' : '';
    return `${column(property)} ${typeOf(definition)}${definition.nullable ? '' : ' NOT NULL'}${key}`;
  });
}

/** What a new column needs where rows are there. Sessions without a value end: no id has an empty token, and 0 is long ago. */
export function forRowsThatAreThere({ type, nullable }: ColumnDefinition): string {
  if (nullable) return '';
  return type === 'int' || type === 'bigint' ? ' NOT NULL DEFAULT 0' : ` NOT NULL DEFAULT ''`;
}
