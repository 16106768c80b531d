import { type OutgoingHttpHeader, ServerResponse, validateHeaderValue } from 'node:http';
import { types } from 'node:util';

/** The functions that send bytes of a response. */
export const METHODS = ['writeHead', 'flushHeaders', 'write', 'end'] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** One of Node's methods of a response, with any arguments. */
type Native = (this: ServerResponse, ...args: unknown[]) => unknown;

/** The four functions of a response. */
export type Functions = Record<Method, Native>;

/** What `headersSent` and the header methods of Node's responses go by: null until the head is made. */
export type NodeResponse = ServerResponse & { _header: string | null };

type Callback = (error?: unknown) => void;

/** What a response needs to be held. */
const NEEDED =
  'writeHead write end on once removeListener emit getHeader setHeader hasHeader removeHeader getHeaderNames'.split(
    ' ',
  );

/** Whether it can be held. Handshakes of WebSockets and tests pass all kinds of objects as a response. */
export function canBeHeld(res: ServerResponse): boolean {
  if (isOfNode(res)) return true;
  return NEEDED.every((name) => typeof Reflect.get(res, name) === 'function');
}

/** Whether it is a response of Node's for HTTP/1, or of a class that extends it. */
export function isOfNode(res: ServerResponse): res is NodeResponse {
  return res instanceof ServerResponse;
}

/** The response as a table of the functions above. */
export function functionsOf(res: ServerResponse): Functions {
  return res as unknown as Functions;
}

/** The compatibility response of HTTP/2, which has no status message and warns about every use of it. */
export function isHttp2(res: ServerResponse): boolean {
  return 'stream' in res;
}

/**
 * Applies the arguments of `writeHead` to the response and returns what is left of them for the native call, so that all
 * headers are seen with `getHeader` before they leave. Node does the same when a header was set before.
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
    // A copy of an array: it may be one that the application uses for every response, and appendHeader() adds to it.
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

/** Refuses what Node refuses as a chunk, with its errors. */
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

/** Bytes of the chunk of a write. */
export function byteLength([chunk, encoding]: unknown[]): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding as BufferEncoding);
  return types.isUint8Array(chunk) ? chunk.byteLength : 0;
}

/** The callback among the arguments of a write. */
export function callbackOf(args: unknown[]): Callback | undefined {
  return args.find((arg): arg is Callback => typeof arg === 'function');
}

/** Answers a write that will not be done. */
export function refuse(args: unknown[], error: unknown): false {
  const callback = callbackOf(args);
  if (callback) process.nextTick(callback, error);
  return false;
}

/** An error as an Error. */
export function toError(error: unknown): Error {
  return types.isNativeError(error) ? error : new Error('The response was not completed', { cause: error });
}

/** An error as Node makes them. */
export function nodeError(Type: ErrorConstructor, code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Type(message), { code });
}

/** What a write on a response that is gone is answered with. */
export function destroyedError(): Error {
  return nodeError(Error, 'ERR_STREAM_DESTROYED', 'The response was destroyed before it was sent');
}

/** What a call that changes the headers too late is answered with. */
export function headersSentError(verb: string): Error {
  return nodeError(
    Error,
    'ERR_HTTP_HEADERS_SENT',
    `Cannot ${verb} headers after they are sent to the client`,
  );
}
