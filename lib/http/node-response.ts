import type { ServerResponse } from 'node:http';
import { types } from 'node:util';

/** The calls that put bytes of a response on the wire. */
export const METHODS = ['writeHead', 'flushHeaders', 'write', 'end'] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** One of Node's methods of a response, with whatever arguments. */
export type Native = (this: ServerResponse, ...args: unknown[]) => unknown;

type Callback = (error?: unknown) => void;

/** The response as a table of the methods above. */
export function methodsOf(res: ServerResponse): Record<Method, Native> {
  return res as unknown as Record<Method, Native>;
}

/** The compatibility response of HTTP/2, which has no status message and warns about every use of it. */
export function isHttp2(res: ServerResponse): boolean {
  return 'stream' in res;
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

/** What touching the headers too late is answered with. */
export function headersSentError(verb: string): Error {
  return nodeError(
    Error,
    'ERR_HTTP_HEADERS_SENT',
    `Cannot ${verb} headers after they are sent to the client`,
  );
}
