import type { Part } from '../part.js';
import { MYSQL_PARTS } from './mysql.js';
import { POSTGRES_PARTS } from './postgres.js';
import { REDIS_PARTS } from './redis.js';

export const PARTS: readonly Part[] = [...POSTGRES_PARTS, ...MYSQL_PARTS, ...REDIS_PARTS];
