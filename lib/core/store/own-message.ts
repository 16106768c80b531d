import { isIP } from 'node:net';
import { messages } from '../../errors/messages.js';

/** Codes of an error that may be shown. */
export type Codes = Readonly<Record<string, string | number>>;

/** Frequent failures by their SQLSTATE, which says nothing to most people. */
const SQLSTATES: Readonly<Record<string, string>> = {
  '08006': 'the connection was lost',
  '08P01': 'the server, or a pooler before it, refused the connection',
  '22001': 'a value is too long for its column',
  '22P05': 'the encoding of the database does not have a character of the data',
  '23502': 'a column must not be NULL',
  '23503': 'a foreign key refused the row',
  '23505': 'a unique index refused the row',
  '23514': 'a CHECK refused the row',
  '25006': 'the server or the transaction is read-only',
  '25P03': 'idle_in_transaction_session_timeout ended the connection',
  '28000': 'the server refused the user (pg_hba.conf)',
  '28P01': 'the server refused the password',
  '3D000': 'the database does not exist',
  '40001': 'the transaction could not be serialized',
  '40P01': 'a deadlock was detected',
  '42501': 'the user lacks a privilege on the table',
  '42703': 'the table lacks a column',
  '42P01': 'the table does not exist',
  '53100': 'the disk of the server is full',
  '53200': 'the server is out of memory',
  '53300': 'the server has too many connections',
  '55P03': 'lock_timeout ended the statement',
  '57014': 'the statement was cancelled, for example by statement_timeout',
  '57P01': 'the server ended the connection (it stops, or pg_terminate_backend was called)',
  '57P02': 'the server stopped after a crash',
  '57P03': 'the server is starting or stopping',
  P0001: 'a trigger or a function raised an exception',
};

/** The first words of Redis's errors, which are its codes. */
const REDIS_WORDS: Readonly<Record<string, string>> = {
  BUSY: 'a script blocks the server',
  CLUSTERDOWN: 'the Cluster does not serve this slot',
  CROSSSLOT: 'the keys are in different slots',
  LOADING: 'the server is loading its data',
  MASTERDOWN: 'the replica has lost its master',
  MISCONF: 'the server refuses writes, because it cannot save to disk',
  NOAUTH: 'the server requires a password',
  NOPERM: 'the user lacks a permission (ACL)',
  NOREPLICAS: 'too few replicas are connected',
  NOSCRIPT: 'the server does not have the script',
  OOM: 'the server is out of memory (maxmemory)',
  READONLY: 'the server is a replica',
  TRYAGAIN: 'the slot is being moved',
  UNKILLABLE: 'a script blocks the server',
  WRONGPASS: 'the server refused the user or the password',
  WRONGTYPE: 'a key has another type',
};

/** Sentences of drivers and servers that come without a code. Only the sentence itself is shown. */
const SENTENCES: readonly string[] = [
  // pg
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Connection terminated',
  'timeout expired',
  'Query read timeout',
  'Cannot use a pool after calling end on the pool',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'The server does not support SSL connections',
  'client password must be a string',
  // mysql2
  'Pool is closed.',
  'No connections available.',
  'Queue limit reached.',
  'connect ETIMEDOUT',
  "Can't add new command when connection is in closed state",
  "Can't write in closed state",
  'Server does not support secure connection',
  // node-redis and ioredis
  'The client is closed',
  'The client is offline',
  'Socket closed unexpectedly',
  'Connection is closed.',
  'Connection timeout',
  'Socket timeout',
  'Command timed out',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Too many Cluster redirections',
  'Reached the max retries per request limit',
  'Failed to refresh slots cache.',
  // Redis, with no other word before
  'ERR max number of clients reached',
  'ERR unknown command',
  'ERR invalid password',
  'ERR AUTH',
  'ERR DB index is out of range',
  'ERR user_script',
  'ERR Error running script',
  // SQLite
  'attempt to write a readonly database',
  'database disk image is malformed',
  'database or disk is full',
  'database schema is locked',
  'database table is locked',
  'database is locked',
  'database is not open',
  'disk I/O error',
  'file is not a database',
  'no such column',
  'no such table',
  'unable to open database file',
  'CHECK constraint failed',
  'NOT NULL constraint failed',
  'UNIQUE constraint failed',
];

/**
 * The message that an error of a store or driver has outside its store: what this package says of its codes, or one of the
 * sentences above. Nothing else of the driver's message is kept, because drivers and servers quote rows, parameters and
 * replies in their messages, in ways that change with every version.
 */
export function ownMessage(message: string, error: object | undefined, codes: Codes): string {
  const known =
    systemError(error, codes) ??
    explained(String(codes.code), SQLSTATES) ??
    redisError(message) ??
    SENTENCES.find((text) => message.includes(text));
  if (known !== undefined) return known;
  const code = codes.code ?? codes.codeName ?? codes.sqlState ?? codes.errno;
  return code === undefined ? messages.driverSilent : messages.driverCode(String(code));
}

function explained(code: string, table: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(table, code) ? `${code}: ${table[code]}` : undefined;
}

/** For example `connect ECONNREFUSED 127.0.0.1:5432`: an error of the operating system, before any data was sent or read. */
function systemError(error: object | undefined, { code, syscall }: Codes): string | undefined {
  if (syscall === undefined || !/^E[A-Z0-9]+ [a-z]+$/.test(`${code} ${syscall}`)) return undefined;
  const { address, port } = error as { readonly address?: unknown; readonly port?: unknown };
  const isPlace = syscall === 'connect' && typeof address === 'string' && isIP(address) > 0;
  const place = isPlace ? [`${address}${Number.isInteger(port) ? `:${String(port)}` : ''}`] : [];
  return [syscall, code, ...place].join(' ');
}

/** The code of an error of Redis: its first word. Old servers put a text of their own before that of a script. */
function redisError(message: string): string | undefined {
  const [first = ''] = /^[A-Z]+(?= |$)/.exec(message) ?? [];
  const words = first === 'ERR' ? (message.match(/\b[A-Z]{3,}\b/g) ?? []) : [first];
  return words.map((word) => explained(word, REDIS_WORDS)).find((text) => text !== undefined);
}
