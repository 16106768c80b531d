import { type OutgoingHttpHeader, ServerResponse, validateHeaderValue } from 'node:http';
import { types } from 'node:util';

/** The functions that send bytes of a response. */
export const METHODS = ['writeHead', 'flushHeaders', 'write', 'end'] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** One of Node's methods of a response, with any arguments. */
type Native = (this: ServerResponse, ...args: unknown[]) => unknown;

/**
 * The functions of one response. This is a class and not an object literal: V8 may start to allocate the objects of a literal in
 * its old space. Such an object keeps everything it refers to, here the request, until the next full garbage collection.
 */
export class Functions implements Record<Method, Native> {
  constructor(
    public writeHead: Native,
    public flushHeaders: Native,
    public write: Native,
    public end: Native,
  ) {}
}

/** The property that `headersSent` and the header methods of Node's responses check: null until the head is made. */
export type NodeResponse = ServerResponse & { _header: string | null };

type Callback = (error?: unknown) => void;

/** The methods that a response needs to be held. */
const NEEDED =
  'writeHead write end on once removeListener emit getHeader setHeader hasHeader removeHeader getHeaderNames'.split(
    ' ',
  );

/** Whether a response can be held. Handshakes of WebSockets and tests pass all kinds of objects. */
export function canBeHeld(res: ServerResponse): boolean {
  if (isOfNode(res)) return true;
  return NEEDED.every((name) => typeof Reflect.get(res, name) === 'function');
}

/** Whether it is Node's response for HTTP/1. */
export function isOfNode(res: ServerResponse): res is NodeResponse {
  return res instanceof ServerResponse;
}

export function functionsOf(res: ServerResponse): Functions {
  return res as unknown as Functions;
}

/** Whether it is Node's response for HTTP/2, which has no status message and warns about every use of it. */
export function isHttp2(res: ServerResponse): boolean {
  return 'stream' in res;
}

/**
 * Applies the arguments of `writeHead` to the response, so that `getHeader` returns all headers before they leave. Node does
 * the same if a header was set before. Returns the rest of the arguments for the native call.
 */
export function applyHead(res: ServerResponse, [status, reason, last]: unknown[]): unknown[] {
  const statusCode = Number(status) | 0;
  if (statusCode < 100 || statusCode > 999) {
    throw nodeError(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${String(status)}`);
  }
  const hasReason = typeof reason === 'string';
  if (hasReason) {
    validateHeaderValue('statusMessage', reason);
    res.statusMessage = reason;
  }
  res.statusCode = statusCode;
  const seen = new Set<string>();
  for (const [name, value] of headerLines(hasReason ? last : (last ?? reason))) {
    if (!name) continue;
    const key = name.toLowerCase();
    const lines = seen.has(key) ? [res.getHeader(name), value] : [value];
    // A copy: the application may use its array for every response, and appendHeader() adds to it.
    res.setHeader(name, lines.length > 1 || Array.isArray(value) ? (lines.flat() as string[]) : value);
    seen.add(key);
  }
  return hasReason ? [statusCode, reason] : [statusCode];
}

function headerLines(headers: unknown): [string, OutgoingHttpHeader][] {
  if (!Array.isArray(headers)) return Object.entries((headers ?? {}) as Record<string, OutgoingHttpHeader>);
  if (Array.isArray(headers[0])) return headers as [string, OutgoingHttpHeader][];
  if (headers.length % 2 !== 0) {
    throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'The headers array has a name without a value');
  }
  const lines: [string, OutgoingHttpHeader][] = [];
  for (let i = 0; i < headers.length; i += 2) lines.push([headers[i] as string, headers[i + 1] as string]);
  return lines;
}

/** Checks a chunk. @throws Node's errors for anything that Node refuses */
export function checkChunk([chunk, encoding]: unknown[]): void {
  if (chunk === null) {
    throw nodeError(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
  }
  if (typeof chunk !== 'string' && !types.isUint8Array(chunk)) {
    const message = 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array';
    throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
  }
  if (typeof encoding === 'string' && encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding)) {
    throw nodeError(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
  }
}

export function byteLength([chunk, encoding]: unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding as BufferEncoding);
  return types.isUint8Array(chunk) ? chunk.byteLength : 0;
}

export function callbackOf(args: unknown[]): Callback | undefined {
  return args.find((arg): arg is Callback => typeof arg === 'function');
}

/** Calls the callback of a refused write with an error. */
export function refuse(args: unknown[], error: unknown): false {
  const callback = callbackOf(args);
  if (callback) process.nextTick(callback, error);
  return false;
}

export function toError(error: unknown): Error {
  return types.isNativeError(error) ? error : new Error('The response was not completed', { cause: error });
}

export function nodeError(Type: ErrorConstructor, code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Type(message), { code });
}

/** The error of a write on a destroyed response. */
export function destroyedError(): Error {
  return nodeError(Error, 'ERR_STREAM_DESTROYED', 'The response was destroyed before it was sent');
}

/** The error of a call that changes the headers too late. */
export function headersSentError(verb: string): Error {
  return nodeError(
    Error,
    'ERR_HTTP_HEADERS_SENT',
    `Cannot ${verb} headers after they are sent to the client`,
  );
}
