import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { HeldCalls } from './held-calls.js';
import {
  applyHead,
  callbackOf,
  canBeHeld,
  checkChunk,
  destroyedError,
  type Functions,
  functionsOf,
  headersSentError,
  isHttp2,
  METHODS,
  nodeError,
  refuse,
  toError,
} from './node-response.js';

/** What {@link holdResponse} asks before it lets a response leave. */
export interface ResponseGate {
  /** Whether a second `end()` is passed over; if not, Node makes an error of it. */
  readonly endsOnce?: boolean;
  /**
   * Called once before the first byte of the response may leave (`headersSent` is false), and once more when
   * the application ends a response whose head left earlier (`headersSent` is true). Returns undefined when
   * there is nothing to wait for: the call then goes straight through, in the same tick.
   *
   * A failure with `headersSent` true destroys the response: the client must not take it for a complete one.
   */
  commit(headersSent: boolean): Promise<void> | undefined;
  /**
   * Called synchronously right before the head leaves, after a successful commit, with every header the
   * application set visible through `res.getHeader`. May set and append headers.
   */
  beforeHead(): void;
  /**
   * Called when commit, `beforeHead` or a replayed call failed before anything was sent. The response is as if
   * untouched, and answering it with the error is up to this function: nothing is held from here on.
   */
  fail(error: unknown): void;
}

/** Headers about the content that was lost: they must neither describe the error nor let it be cached. */
export const CONTENT_HEADERS: readonly string[] =
  `content-type content-length content-encoding content-language content-range content-disposition
  content-location content-digest content-md5 repr-digest digest etag last-modified location refresh
  transfer-encoding trailer accept-ranges cache-control cdn-cache-control surrogate-control expires age`.split(
    /\s+/,
  );

/**
 * Holds one response: puts four functions of its own on it, which ask the gate and keep calling those that were there,
 * and takes them off when the response is over.
 */
export class HeldResponse {
  readonly #res: ServerResponse;
  readonly #gate: ResponseGate;
  /** The functions that were there, and those that are there now. */
  readonly #native: Functions;
  readonly #own: Functions;
  /** What is piped into the response. */
  readonly #sources: Readable[] = [];
  /** 'failed': the error goes out through these functions. 'lost': it goes out around them, see `#stepAside`. */
  #phase: 'untouched' | 'open' | 'failed' | 'lost' = 'untouched';
  #held: HeldCalls | undefined;
  #endCommitted = false;
  #failure: unknown;

  constructor(res: ServerResponse, gate: ResponseGate) {
    this.#res = res;
    this.#gate = gate;
    const functions = functionsOf(res);
    const { writeHead, flushHeaders, write, end } = functions;
    this.#native = { writeHead, flushHeaders, write, end };
    this.#own = {
      writeHead: (...args) => this.#writeHead(args),
      flushHeaders: (...args) => this.#flushHeaders(args),
      write: (...args) => this.#write(args),
      end: (...args) => this.#end(args),
    };
    put(functions, this.#own);
    res.on('pipe', (source) => this.#sources.push(source));
  }

  /** Answers with an error in place of whatever the application has in mind; nothing where it has answered already. */
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
      else refuse(args, nodeError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'The response was ended before'));
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
    // Where something may still come that has to be passed over, the functions stay until all is over.
    if (this.#phase === 'failed' || this.#gate.endsOnce) res.once('close', () => this.#takeOff());
    else this.#takeOff();
    return result;
  }

  /** What somebody has put over these functions since stays, and goes through them. */
  #takeOff(): void {
    const functions = functionsOf(this.#res);
    for (const name of METHODS) if (functions[name] === this.#own[name]) functions[name] = this.#native[name];
  }

  /** Asks the gate at the first call. Returns what this call has to wait with, if it may not go on at once. */
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
    // Nobody reads the answer, and the application keeps seeing it as sent.
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
    // When Node took the last write at once, it will not emit the 'drain' that a kept write has promised.
    if (held.needDrain && accepted !== false && !res.writableEnded) process.nextTick(() => res.emit('drain'));
  }

  /** Fails a tick later, as a rejection does, which also drops what the application writes until then. */
  #failSoon(error: unknown): void {
    const held = (this.#held = new HeldCalls(this.#res));
    queueMicrotask(() => this.#fail(error, held));
  }

  #fail(error: unknown, held: HeldCalls): void {
    const res = this.#res;
    // At the release it was lifted before.
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
      res.destroy(toError(cause)); // The client must not wait for an answer that nobody will give.
    }
  }

  /**
   * A body wrapper put over these functions (compression, say) is in the middle of the lost content and would
   * mangle the error, or ignore it as a second end. The error goes around it, and what it still emits is refused.
   */
  #stepAside(): void {
    put(functionsOf(this.#res), this.#native);
    const around = new HeldResponse(this.#res, this.#gate);
    around.#phase = 'failed';
    around.#failure = this.#failure;
    this.#phase = 'lost';
  }

  /** Whether a call comes from the lost handler, for which Node would raise an 'error' event on the response. */
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

/** One by one, which V8 does faster than `Object.assign`. */
function put(target: Functions, { writeHead, flushHeaders, write, end }: Functions): void {
  target.writeHead = writeHead;
  target.flushHeaders = flushHeaders;
  target.write = write;
  target.end = end;
}

/**
 * Holds a response back until the gate has committed: whichever of `writeHead`, `flushHeaders`, `write` and `end`
 * comes first asks it, and waits with all that follow while the application sees them as made. What is no response of
 * Node's is left alone.
 */
export function holdResponse(res: ServerResponse, gate: ResponseGate): HeldResponse | undefined {
  return canBeHeld(res) ? new HeldResponse(res, gate) : undefined;
}
