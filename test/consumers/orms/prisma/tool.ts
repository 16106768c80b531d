import type { ModuleRef } from '@nestjs/core';
import { prisma } from './prisma.module.js';

export { PrismaModule as RecipeModule } from './prisma.module.js';

/** The command line of Prisma does it. */
export function migrate() {
  process.exit(0);
}

export const countItems = (_: ModuleRef) => prisma.item.count();

/** Runs work in a transaction that has stored an item. */
export function inTransaction(_: ModuleRef, work: (count: () => Promise<number>) => Promise<void>) {
  return prisma.$transaction(async (transaction) => {
    await transaction.item.create({ data: { name: 'one' } });
    await work(() => transaction.item.count());
  });
}
