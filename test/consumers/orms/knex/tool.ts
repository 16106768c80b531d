import type { ModuleRef } from '@nestjs/core';
import { db } from './knex.module.js';

export { KnexModule as RecipeModule } from './knex.module.js';

const count = async (on: Pick<typeof db, 'select'> = db) =>
  Number(((await on.select(db.raw('count(*) AS count')).from('item')) as [{ count: string }])[0].count);

export async function migrate() {
  await db.migrate.latest();
  await db.schema.createTable('item', (table) => table.text('name'));
  process.exit(0); // the pool is open until the application closes it
}

export const countItems = (_: ModuleRef) => count();

/** Runs work in a transaction that has stored an item. */
export function inTransaction(_: ModuleRef, work: (count: () => Promise<number>) => Promise<void>) {
  return db.transaction(async (transaction) => {
    await transaction('item').insert({ name: 'one' });
    await work(() => count(transaction));
  });
}
