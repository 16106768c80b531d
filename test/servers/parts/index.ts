import type { Part } from '../part.js';
import { MONGO_PART } from './mongo.js';
import { MYSQL_PARTS } from './mysql.js';
import { PGLITE_PART } from './pglite.js';
import { POSTGRES_PARTS } from './postgres.js';
import { REDIS_PARTS } from './redis.js';
import { RUNTIME_PARTS } from './runtimes.js';

export const PARTS: readonly Part[] = [
  ...POSTGRES_PARTS,
  ...MYSQL_PARTS,
  ...REDIS_PARTS,
  PGLITE_PART,
  MONGO_PART,
  ...RUNTIME_PARTS,
];
