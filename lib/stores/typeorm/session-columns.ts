import type { EntityMetadata } from 'typeorm';

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
  const exact = { charset: 'utf8mb4', collation: 'utf8mb4_bin' };
  return type === 'text' ? { type: 'longtext', ...exact } : exact;
}

/**
 * The columns of an index, for `@Index()`. TypeORM has no types by database, and asks for this while it puts the
 * entity's metadata together, the index being `this`: the moment at which the columns can be made right for the
 * `DataSource`, so that `synchronize` and generated migrations agree with {@link CreateSessionTable}. Were it called
 * in another way, the columns would stay as they are, and the store would say at the start what is wrong with them.
 */
export function indexed(property: string): (this: unknown) => string[] {
  return function () {
    const { entityMetadata } = (this ?? {}) as { entityMetadata?: EntityMetadata };
    if (entityMetadata !== undefined) {
      const { options } = entityMetadata.dataSource ?? entityMetadata.connection; // the latter in TypeORM 0.3
      for (const column of entityMetadata.columns)
        Object.assign(column, columnKind(options.type, String(column.type)));
    }
    return [property];
  };
}
