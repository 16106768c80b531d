import type { ModuleRef } from '@nestjs/core';
import { MikroORM } from '@mikro-orm/postgresql';
import { Item } from './item.js';
import { config } from './mikro-orm.module.js';

export { DatabaseModule as RecipeModule } from './mikro-orm.module.js';

export async function migrate() {
  const orm = await MikroORM.init(config);
  await orm.migrator.up();
  await orm.schema.update(); // makes the table of items, and leaves that of the sessions alone
  await orm.close();
}

const managerOf = (modules: ModuleRef) => modules.get(MikroORM, { strict: false }).em.fork();

export const countItems = (modules: ModuleRef) => managerOf(modules).count(Item);

/** Runs work in a transaction that has stored an item. */
export function inTransaction(modules: ModuleRef, work: (count: () => Promise<number>) => Promise<void>) {
  return managerOf(modules).transactional(async (manager) => {
    manager.create(Item, { name: 'one' });
    await manager.flush();
    await work(() => manager.count(Item));
  });
}
