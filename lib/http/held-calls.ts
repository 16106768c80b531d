import { type ServerResponse, STATUS_CODES } from 'node:http';
import { Stream } from 'node:stream';
import { holdSocket } from './held-socket.js';
import {
  byteLength,
  destroyedError,
  headersSentError,
  isHttp2,
  isOfNode,
  type Method,
  refuse,
} from './node-response.js';

/** The properties that other responses than Node's, such as those of HTTP/2, have while calls are held. */
const HEAD_SENT: Readonly<Record<string, PropertyDescriptor>> = {
  headersSent: { value: true },
  setHeader: { value: tooLate('set') },
  setHeaders: { value: tooLate('set') },
  appendHeader: { value: tooLate('append') },
  removeHeader: { value: tooLate('remove') },
};

const HELD = Symbol('nest-session.held');

type HeldNodeResponse = ServerResponse & { [HELD]?: HeldCalls };

function tooLate(verb: string): () => never {
  return () => {
    throw headersSentError(verb);
  };
}

/**
 * The calls of a held response. Own properties make the response look as if they had been made. Only `finished` stays false:
 * Node destroys the connections of finished responses when a server closes, and serverless hosts collect them.
 */
export class HeldCalls {
  readonly calls: { readonly method: Method; readonly args: unknown[] }[] = [];
  needDrain = false;
  #ended = false;
  #isLifted = false;
  #showsWrites = false;
  #bytes = 0;
  #closed = false;
  readonly #res: ServerResponse;
  readonly #statusCode: number;
  readonly #statusMessage: string | undefined;
  readonly #header: string | null = null;
  /** The properties that were put on the response, each with the one it replaced. */
  readonly #shown: [name: string, before: PropertyDescriptor | undefined][] = [];
  #releaseSocket: (() => void) | undefined;

  /**
   * The same property for all responses. V8 handles an object slowly if it has a getter of its own, or if a property was deleted.
   */
  static readonly #WRITABLE_ENDED: PropertyDescriptor & ThisType<HeldNodeResponse> = {
    configurable: true,
    get() {
      const held = this[HELD];
      return held === undefined || held.#isLifted ? this.finished : held.#ended;
    },
  };

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#statusCode = res.statusCode;
    if (!isHttp2(res)) {
      this.#statusMessage = res.statusMessage;
      res.statusMessage ||= STATUS_CODES[res.statusCode] ?? 'unknown';
    }
    res.on('close', this.#close);
    if (isOfNode(res)) {
      this.#header = res._header;
      res._header ??= 'held'; // Node.js 24 sends a head with a first write only at the end of the tick
    } else for (const [name, member] of Object.entries(HEAD_SENT)) this.#show(name, member);
    if (!isCollected(res)) this.#showEnd();
  }

  /** Whether the application has ended the response. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the client has disconnected. */
  get gone(): boolean {
    return this.#closed || this.#res.destroyed;
  }

  /** Keeps a call. Returns whether the application may continue to write, as `res.write` does. */
  keep(method: Method, args: unknown[]): boolean {
    const res = this.#res;
    if (method === 'end') this.#ended = true;
    if (this.gone) return refuse(args, destroyedError());
    this.calls.push({ method, args });
    if (method === 'end') this.#releaseSocket ??= holdSocket(res);
    if (method === 'write') this.#showWrites();
    if (method === 'write' || method === 'end') this.#bytes += byteLength(args);
    const hasRoom = !(this.#bytes >= res.writableHighWaterMark);
    if (method === 'write' && !hasRoom) this.needDrain = true;
    return hasRoom;
  }

  /** Drops the calls, and calls their callbacks with an error. */
  drop(error: unknown): void {
    for (const { args } of this.calls.splice(0)) refuse(args, error);
    this.#bytes = 0;
  }

  /** Removes the properties that the hold has put on the response. */
  lift(): void {
    const res = this.#res;
    this.#isLifted = true;
    for (const [name, before] of this.#shown.reverse()) {
      if (before === undefined) Reflect.deleteProperty(res, name);
      else Object.defineProperty(res, name, before);
    }
    if (isOfNode(res)) res._header = this.#header;
    // As in Node, a later assignment does not change the status.
    res.statusCode = this.#statusCode;
    if (!isHttp2(res)) res.statusMessage = this.#statusMessage ?? '';
    res.removeListener('close', this.#close);
    this.#releaseSocket?.();
  }

  /** Shows whether the application has ended the response. On Node's responses the property stays, and then says what Node says. */
  #showEnd(): void {
    const res = this.#res;
    if (!isOfNode(res)) return this.#show('writableEnded', { get: () => this.#ended });
    (res as HeldNodeResponse)[HELD] = this;
    Object.defineProperty(res, 'writableEnded', HeldCalls.#WRITABLE_ENDED);
  }

  #showWrites(): void {
    const res = this.#res;
    if (this.#showsWrites) return;
    this.#showsWrites = true;
    const behind = Object.getPrototypeOf(res) as object;
    this.#show('writableNeedDrain', { get: () => this.needDrain && !this.#ended });
    this.#show('writableLength', {
      get: () => this.#bytes + (Number(Reflect.get(behind, 'writableLength', res)) || 0),
    });
  }

  #show(name: string, member: PropertyDescriptor): void {
    this.#shown.push([name, Object.getOwnPropertyDescriptor(this.#res, name)]);
    Object.defineProperty(this.#res, name, { ...member, configurable: true });
  }

  readonly #close = (): void => {
    this.#closed = true;
    this.drop(destroyedError());
  };
}

/** Whether a serverless host collects the response when it is ended. Its socket is not a stream. */
function isCollected({ socket }: ServerResponse): boolean {
  return Boolean(socket) && !(socket instanceof Stream);
}
