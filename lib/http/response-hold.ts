import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { HeldCalls } from './held-calls.js';
import {
  applyHead,
  callbackOf,
  canBeHeld,
  checkChunk,
  destroyedError,
  Functions,
  functionsOf,
  headersSentError,
  isHttp2,
  METHODS,
  nodeError,
  refuse,
  toError,
} from './node-response.js';

/** Decides when a held response may leave. */
export interface ResponseGate {
  /** Whether a second `end()` is ignored. Otherwise Node throws an error. */
  readonly endsOnce?: boolean;
  /**
   * Called once before the first byte of the response may leave (`headersSent` is false), and once more when the
   * application ends a response whose head left earlier (`headersSent` is true). Returns undefined if there is nothing to
   * wait for: the call then continues in the same tick.
   *
   * If it fails with `headersSent` true, the response is destroyed, so that the client does not take it for complete.
   */
  commit(headersSent: boolean): Promise<void> | undefined;
  /**
   * Called right before the head leaves, after a successful commit. `res.getHeader` returns every header that the application
   * set. It may set and append headers.
   */
  beforeHead(): void;
  /**
   * Called if commit, `beforeHead` or a replayed call failed before anything was sent. The response is then as new and no
   * longer held, and this function must answer it.
   */
  fail(error: unknown): void;
}

/** Headers about the lost content, which must neither describe the error nor let it be cached. */
export const CONTENT_HEADERS: readonly string[] =
  `content-type content-length content-encoding content-language content-range content-disposition
  content-location content-digest content-md5 repr-digest digest etag last-modified location refresh
  transfer-encoding trailer accept-ranges cache-control cdn-cache-control surrogate-control expires age`.split(
    /\s+/,
  );

/**
 * Holds one response. It puts four own functions on the response, which ask the gate before they call the original ones, and
 * removes them when the response is finished.
 */
export class HeldResponse {
  readonly #res: ServerResponse;
  readonly #gate: ResponseGate;
  readonly #native: Functions;
  readonly #own: Functions;
  /** The streams that are piped into the response. */
  readonly #sources: Readable[] = [];
  /** 'failed': the error is sent through these functions. 'lost': it is sent around them, see `#stepAside`. */
  #phase: 'untouched' | 'open' | 'failed' | 'lost' = 'untouched';
  #held: HeldCalls | undefined;
  #endCommitted = false;
  #failure: unknown;

  constructor(res: ServerResponse, gate: ResponseGate) {
    this.#res = res;
    this.#gate = gate;
    const functions = functionsOf(res);
    const { writeHead, flushHeaders, write, end } = functions;
    this.#native = new Functions(writeHead, flushHeaders, write, end);
    this.#own = new Functions(
      (...args) => this.#writeHead(args),
      (...args) => this.#flushHeaders(args),
      (...args) => this.#write(args),
      (...args) => this.#end(args),
    );
    put(functions, this.#own);
    res.on('pipe', (source) => this.#sources.push(source));
  }

  /** Answers with an error, unless the application has answered already. */
  abort(error: unknown): void {
    if (this.#phase !== 'untouched' || this.#res.headersSent) return;
    this.#phase = 'open';
    this.#failSoon(error);
  }

  #writeHead(args: unknown[]): unknown {
    const res = this.#res;
    if (this.#held || this.#phase === 'lost') throw headersSentError('write');
    if (this.#phase !== 'untouched' || res.headersSent) return this.#native.writeHead.apply(res, args);
    const rest = applyHead(res, args);
    const held = this.#begin();
    if (!held) return this.#native.writeHead.apply(res, rest);
    held.keep('writeHead', rest);
    return res;
  }

  #flushHeaders(args: unknown[]): void {
    if (this.#phase === 'lost') return;
    const held = this.#begin();
    if (held) held.keep('flushHeaders', args);
    else this.#native.flushHeaders.apply(this.#res, args);
  }

  #write(args: unknown[]): unknown {
    if (this.#isLost()) return refuse(args, this.#failure);
    if (this.#held || this.#phase === 'untouched') checkChunk(args);
    if (this.#held?.ended) return this.#refuseAfterEnd(args);
    const held = this.#begin();
    return held ? held.keep('write', args) : this.#native.write.apply(this.#res, args);
  }

  #end(args: unknown[]): unknown {
    const res = this.#res;
    if (this.#gate.endsOnce && (this.#held?.ended || res.writableEnded)) return res;
    const hasChunk = Boolean(args[0]) && typeof args[0] !== 'function';
    if (this.#isLost()) refuse(args, this.#failure);
    else if (this.#held?.ended) {
      if (hasChunk) this.#refuseAfterEnd(args);
      else if (callbackOf(args)) this.#held.keep('end', args); // Node answers it, each version in its own way
    } else {
      if (hasChunk && !res.writableEnded) checkChunk(args);
      const held = this.#beginEnd();
      if (!held) return this.#endNow(args);
      held.keep('end', args);
    }
    return res;
  }

  #endNow(args: unknown[]): unknown {
    const res = this.#res;
    const result = this.#native.end.apply(res, args);
    // If later calls must be ignored, the functions stay until the response is closed.
    if (this.#phase === 'failed' || this.#gate.endsOnce) res.once('close', () => this.#takeOff());
    else this.#takeOff();
    return result;
  }

  /** Restores the original functions, unless other code has replaced these. */
  #takeOff(): void {
    const functions = functionsOf(this.#res);
    for (const name of METHODS) if (functions[name] === this.#own[name]) functions[name] = this.#native[name];
  }

  /** Asks the gate at the first call. Returns the held calls if this call must wait. */
  #begin(): HeldCalls | undefined {
    if (this.#phase === 'untouched') {
      this.#phase = 'open';
      if (!this.#res.headersSent) this.#ask(false);
    }
    return this.#held;
  }

  #beginEnd(): HeldCalls | undefined {
    const res = this.#res;
    if (this.#phase === 'untouched' && !res.headersSent) {
      this.#endCommitted = true;
      return this.#begin();
    }
    const held = this.#begin();
    if (held || this.#phase === 'failed' || this.#endCommitted || !res.headersSent) return held;
    this.#endCommitted = true;
    this.#ask(true);
    return this.#held;
  }

  #ask(headersSent: boolean): void {
    try {
      const pending = this.#gate.commit(headersSent);
      if (pending) {
        const held = (this.#held = new HeldCalls(this.#res));
        void pending.then(
          () => this.#release(held),
          (error: unknown) => this.#fail(error, held),
        );
      } else if (!headersSent) this.#gate.beforeHead();
    } catch (error) {
      this.#failSoon(error);
    }
  }

  #release(held: HeldCalls): void {
    const res = this.#res;
    // The client has disconnected. For the application, the response stays sent.
    if (held.gone) return held.drop(destroyedError());
    held.lift();
    this.#held = undefined;
    let accepted: unknown;
    try {
      if (!res.headersSent) this.#gate.beforeHead();
      for (let call = held.calls[0]; call; call = held.calls[0]) {
        accepted = this.#own[call.method].apply(res, call.args);
        held.calls.shift();
      }
    } catch (error) {
      this.#fail(error, held);
      return;
    }
    // If Node accepted the last write, it will not emit the 'drain' that a kept write has promised.
    if (held.needDrain && accepted !== false && !res.writableEnded) process.nextTick(() => res.emit('drain'));
  }

  /** Fails a tick later, like a rejection, and drops what the application writes until then. */
  #failSoon(error: unknown): void {
    const held = (this.#held = new HeldCalls(this.#res));
    queueMicrotask(() => this.#fail(error, held));
  }

  #fail(error: unknown, held: HeldCalls): void {
    const res = this.#res;
    // The release has lifted it already.
    if (this.#held === held) held.lift();
    this.#held = undefined;
    held.drop(error);
    if (res.headersSent) {
      res.destroy(toError(error));
      return;
    }
    this.#phase = 'failed';
    this.#failure = error;
    for (const source of this.#sources) source.unpipe(res);
    res.statusCode = 200;
    if (!isHttp2(res)) res.statusMessage = '';
    for (const name of CONTENT_HEADERS) if (res.hasHeader(name)) res.removeHeader(name);
    const { write, end } = functionsOf(res);
    if (write !== this.#own.write || end !== this.#own.end) this.#stepAside();
    try {
      this.#gate.fail(error);
    } catch (cause) {
      res.destroy(toError(cause)); // The client must not wait forever.
    }
  }

  /**
   * A wrapper over these functions, such as compression, is in the middle of the lost content and would damage the error or
   * ignore it. The error is sent around it, and its further output is refused.
   */
  #stepAside(): void {
    put(functionsOf(this.#res), this.#native);
    const around = new HeldResponse(this.#res, this.#gate);
    around.#phase = 'failed';
    around.#failure = this.#failure;
    this.#phase = 'lost';
  }

  /** Whether a call comes from the lost handler, for which Node would emit an 'error' event on the response. */
  #isLost(): boolean {
    return this.#phase === 'lost' || (this.#phase === 'failed' && this.#res.writableEnded);
  }

  #refuseAfterEnd(args: unknown[]): boolean {
    const res = this.#res;
    const error = nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
    process.nextTick(() => {
      callbackOf(args)?.(error);
      if (!res.destroyed) res.emit('error', error);
    });
    return false;
  }
}

/** Assigns the functions one by one, which is faster than `Object.assign`. */
function put(target: Functions, { writeHead, flushHeaders, write, end }: Functions): void {
  target.writeHead = writeHead;
  target.flushHeaders = flushHeaders;
  target.write = write;
  target.end = end;
}

/**
 * Holds a response until the gate has committed. The first of `writeHead`, `flushHeaders`, `write` and `end` asks the gate. It
 * waits together with all calls after it, while the application sees them as made. Objects that are no response are ignored.
 */
export function holdResponse(res: ServerResponse, gate: ResponseGate): HeldResponse | undefined {
  return canBeHeld(res) ? new HeldResponse(res, gate) : undefined;
}
