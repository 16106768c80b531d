import type { ColumnOptions, EntityMetadata } from 'typeorm';
import { EXACT } from '../sql/mysql/mysql.schema.js';
import { type Column, PRIMARY, SESSION_TABLE } from '../sql/session-table.js';

/** Databases return 64-bit integers as text. All that a session holds fit into a number. */
const asNumber = {
  to: (value: number | null) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** The options of a column of {@link SessionEntity}, for `@Column()`. */
export function columnOptions(column: Column): ColumnOptions {
  const { name, type, length, nullable } = SESSION_TABLE[column];
  return {
    name,
    type,
    primary: column === PRIMARY,
    ...(length && { length }),
    ...(nullable && { nullable }),
    ...(type === 'bigint' && { transformer: asNumber }),
  };
}

/** What a column is in one kind of database, where it is not what the entity says. */
interface ColumnKind {
  type?: string;
  charset?: string;
  collation?: string;
}

/**
 * How a column of {@link SessionEntity} has to be made in a database of the given type. MySQL's TEXT ends at 64 KB, and
 * its usual collations take `a` for `A`: keys and users have to be compared exactly.
 */
export function columnKind(databaseType: string, type: string): ColumnKind {
  if (!['mysql', 'mariadb'].includes(databaseType) || !['varchar', 'text'].includes(type)) return {};
  return type === 'text' ? { type: 'longtext', ...EXACT } : EXACT;
}

/** The condition of an index in a database of the given type, which lists only rows with a value. MySQL has no such indexes. */
export function indexCondition(databaseType: string, column: Column, name: string): string | undefined {
  const isPossible = SESSION_TABLE[column].sparse && !['mysql', 'mariadb'].includes(databaseType);
  return isPossible ? `"${name.replaceAll('"', '""')}" IS NOT NULL` : undefined;
}

/**
 * The columns of an index, for `@Index()`. TypeORM has no types and no conditions by database. It calls this function with the
 * index as `this` while it builds the metadata of the entity: the moment at which columns and index can be set right for the
 * `DataSource`, so that `synchronize` and generated migrations agree with {@link CreateSessionTable}. If TypeORM called
 * it in another way, they would stay as they are, and the store would report at the start what is wrong with them.
 */
export function indexed(column: Column): (this: unknown) => string[] {
  return function () {
    const index = (this ?? {}) as { entityMetadata?: EntityMetadata; where?: string };
    const { entityMetadata } = index;
    if (entityMetadata !== undefined) {
      const { options } = entityMetadata.dataSource ?? entityMetadata.connection; // the latter in TypeORM 0.3
      for (const metadata of entityMetadata.columns)
        Object.assign(metadata, columnKind(options.type, String(metadata.type)));
      const name = entityMetadata.findColumnWithPropertyName(column)?.databaseName;
      const where = name && indexCondition(options.type, column, name);
      if (where) index.where = where;
    }
    return [column];
  };
}
