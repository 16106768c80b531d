import type { ModuleRef } from '@nestjs/core';
import { QueryTypes, type Transaction } from 'sequelize';
import { sequelize, umzug } from './sequelize.module.js';

export { SequelizeModule as RecipeModule } from './sequelize.module.js';

async function count(transaction: Transaction | null = null) {
  const options = { type: QueryTypes.SELECT as const, transaction };
  const [row] = await sequelize.query<{ count: string }>('SELECT count(*) AS count FROM item', options);
  return Number(row!.count);
}

export async function migrate() {
  await umzug.up();
  await sequelize.query('CREATE TABLE item (name text)');
  process.exit(0); // the pools are open until the application closes them
}

export const countItems = (_: ModuleRef) => count();

/** Runs work in a transaction that has stored an item. */
export function inTransaction(_: ModuleRef, work: (count: () => Promise<number>) => Promise<void>) {
  return sequelize.transaction(async (transaction) => {
    await sequelize.query(`INSERT INTO item VALUES ('one')`, { transaction });
    await work(() => count(transaction));
  });
}
