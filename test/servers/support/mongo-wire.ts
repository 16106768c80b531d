import type { Socket } from 'node:net';

/** A document of MongoDB, as far as a gateway looks into it. */
export type Document = Record<string, unknown>;

/** What is used of the package `bson`, which comes with the driver of MongoDB. */
export interface Bson {
  serialize(document: Document): Uint8Array;
  deserialize(bytes: Uint8Array, options?: { readonly promoteValues?: boolean }): Document;
}

/** A command of a client. */
export interface Command {
  readonly body: Document;
  /** Sends the answer, unless the client wants none. */
  readonly answer: (document: Document) => void;
}

/** The two kinds of messages that clients send: OP_QUERY only to introduce themselves. */
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const HEADER = 16;

/** The flags of OP_MSG: a checksum follows the sections; the client wants no answer. */
const HAS_CHECKSUM = 1;
const WANTS_NO_ANSWER = 2;

/** Reads the commands that arrive on a connection, in MongoDB's wire protocol. */
export function readCommands(socket: Socket, bson: Bson, take: (command: Command) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      take(commandIn(rest.subarray(0, length), socket, bson));
      rest = rest.subarray(length);
    }
  });
}

function commandIn(message: Buffer, socket: Socket, bson: Bson): Command {
  const [id, kind] = [message.readInt32LE(4), message.readInt32LE(12)];
  const send = (type: number, head: Buffer, document: Document): void => {
    const body = bson.serialize(document);
    const header = Buffer.alloc(HEADER);
    [HEADER + head.length + body.length, 0, id, type].forEach((value, at) =>
      header.writeInt32LE(value, at * 4),
    );
    socket.write(Buffer.concat([header, head, body]));
  };
  if (kind === OP_QUERY) {
    const name = message.indexOf(0, HEADER + 4);
    const head = Buffer.alloc(20); // no flags, no cursor, from the beginning, one document
    head.writeInt32LE(1, 16);
    return {
      body: bson.deserialize(message.subarray(name + 1 + 8)),
      answer: (document) => send(OP_REPLY, head, document),
    };
  }
  if (kind !== OP_MSG) throw new Error(`The gateway does not know messages of kind ${kind}.`);
  const flags = message.readUInt32LE(HEADER);
  const end = flags & HAS_CHECKSUM ? message.length - 4 : message.length;
  return {
    body: bodyOf(message.subarray(HEADER + 4, end), bson),
    answer: (document) => void (flags & WANTS_NO_ANSWER || send(OP_MSG, Buffer.alloc(5), document)),
  };
}

/** The sections of OP_MSG: a document, and sequences of documents that are fields of it. */
function bodyOf(sections: Buffer, bson: Bson): Document {
  const read = (bytes: Buffer): Document => bson.deserialize(bytes, { promoteValues: false });
  const body: Document = {};
  for (let at = 0; at < sections.length;) {
    const isSequence = sections[at++] === 1;
    const end = at + sections.readInt32LE(at);
    if (!isSequence) Object.assign(body, read(sections.subarray(at, end)));
    else {
      const name = sections.indexOf(0, at + 4);
      const documents: Document[] = [];
      for (let next = name + 1; next < end; next += sections.readInt32LE(next))
        documents.push(read(sections.subarray(next, next + sections.readInt32LE(next))));
      body[sections.toString('utf8', at + 4, name)] = documents;
    }
    at = end;
  }
  return body;
}
