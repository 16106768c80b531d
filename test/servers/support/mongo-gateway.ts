import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import type { Stage } from '../part.js';
import { type Bson, type Document, readCommands } from './mongo-wire.js';

/** The function of DocumentDB that carries out a command, and the column with its answer. */
const FUNCTIONS: Readonly<Record<string, readonly [name: string, column: string]>> = {
  insert: ['insert', 'p_result'],
  update: ['update', 'p_result'],
  delete: ['delete', 'p_result'],
  find: ['find_cursor_first_page', 'cursorpage'],
  aggregate: ['aggregate_cursor_first_page', 'cursorpage'],
  listIndexes: ['list_indexes_cursor_first_page', 'cursorpage'],
  createIndexes: ['create_indexes_background', 'retval'],
};

/** What the gateway says of itself: a single server without sessions, so that clients neither retry nor use transactions. */
const hello = (): Document => ({
  ...{ ismaster: true, isWritablePrimary: true, helloOk: true, readOnly: false, localTime: new Date() },
  ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
  ...{ minWireVersion: 0, maxWireVersion: 21, ok: 1 },
});

const OWN: Readonly<Record<string, () => Document>> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: () => ({ ok: 1 }),
  endSessions: () => ({ ok: 1 }),
};

/**
 * Speaks MongoDB's wire protocol for a PostgreSQL server with the extension DocumentDB: each command is one call of a
 * function that takes and returns documents. A cursor ends with its first page.
 *
 * @returns the port
 */
export async function startMongoGateway(stage: Stage, postgresUrl: string, bson: Bson): Promise<number> {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 8 });
  pool.on('error', () => undefined); // the server closes connections that the pool has just given up
  stage.atEnd(() => pool.end());

  async function carryOut(body: Document): Promise<Document> {
    const name = Object.keys(body)[0]!;
    const own = OWN[name];
    if (own !== undefined) return own();
    if (FUNCTIONS[name] === undefined) return failure(59, `no such command: ${name}`);
    const [called, column] = FUNCTIONS[name];
    const { rows } = await pool.query<{ answer: string }>(
      `SELECT ${column}::text AS answer FROM documentdb_api.${called}($1, $2::documentdb_core.bson)`,
      [body.$db, `BSONHEX${Buffer.from(bson.serialize(body)).toString('hex')}`],
    );
    const bytes = Buffer.from(rows[0]!.answer.replace(/^BSONHEX/, ''), 'hex');
    return bson.deserialize(bytes, { promoteValues: false });
  }

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy()));
    readCommands(
      socket,
      bson,
      ({ body, answer }) =>
        void carryOut(body)
          .catch((error: unknown) => failure(8, error instanceof Error ? error.message : String(error)))
          .then(answer),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function failure(code: number, errmsg: string): Document {
  return { ok: 0, code, errmsg };
}
