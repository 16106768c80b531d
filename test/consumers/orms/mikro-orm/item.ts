import { defineEntity, p } from '@mikro-orm/postgresql';

export const Item = defineEntity({
  name: 'Item',
  properties: { id: p.integer().primary().autoincrement(), name: p.string() },
});
