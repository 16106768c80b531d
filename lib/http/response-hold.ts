import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { HeldCalls } from './held-calls.js';
import {
  callbackOf,
  checkChunk,
  destroyedError,
  headersSentError,
  isHttp2,
  type Method,
  methodsOf,
  type Native,
  nodeError,
  refuse,
  toError,
} from './node-response.js';
import { type Replacement, replaceFunctions } from './response-functions.js';
import { dropStandIn, type StandIn, standInOf } from './stand-in.js';
import { applyHead } from './response-head.js';

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

function dropHeld(this: ServerResponse): void {
  standInOf(this)?.hold?.close();
}

function notePipe(this: ServerResponse, source: Readable): void {
  (standInOf(this) as HeldResponse | undefined)?.sources.push(source);
}

/** One per response: stands in for four functions of it, which it keeps calling. */
export class HeldResponse implements StandIn {
  /** What is piped into the response. */
  readonly sources: Readable[] = [];
  /** 'failed': the error goes out through these functions. 'lost': it goes out around them, see `stepAside`. */
  private phase: 'untouched' | 'open' | 'failed' | 'lost' = 'untouched';
  hold: HeldCalls | undefined;
  private wasHeld = false;
  private isWatched = false;
  private endCommitted = false;
  private failure: unknown;
  private readonly native: Readonly<Record<Method, Native>>;
  private readonly replaced: Replacement;

  get isShared(): boolean {
    return this.replaced.isNative;
  }

  constructor(
    private readonly res: ServerResponse,
    private readonly gate: ResponseGate,
  ) {
    if (standInOf(res) === undefined) res.on('pipe', notePipe);
    this.replaced = replaceFunctions(res, this);
    this.native = this.replaced.native;
  }

  writeHead(args: unknown[]): unknown {
    const { res, native } = this;
    if (this.hold || this.phase === 'lost') throw headersSentError('write');
    if (this.phase !== 'untouched' || res.headersSent) return native.writeHead.apply(res, args);
    const head = applyHead(res, args);
    const hold = this.begin();
    if (!hold) return native.writeHead.apply(res, head);
    this.keep(hold, 'writeHead', head);
    return res;
  }

  flushHeaders(args: unknown[]): void {
    if (this.phase === 'lost') return;
    const hold = this.begin();
    if (hold) this.keep(hold, 'flushHeaders', args);
    else this.native.flushHeaders.apply(this.res, args);
  }

  write(args: unknown[]): unknown {
    if (this.isOver()) return refuse(args, this.failure);
    if (this.hold || this.phase === 'untouched') checkChunk(args);
    if (this.hold?.ended) return this.refuseAfterEnd(args);
    const hold = this.begin();
    return hold ? this.keep(hold, 'write', args) : this.native.write.apply(this.res, args);
  }

  end(args: unknown[]): unknown {
    const { res } = this;
    if (this.gate.endsOnce && (this.hold?.ended || res.writableEnded)) return res;
    const hasChunk = Boolean(args[0]) && typeof args[0] !== 'function';
    if (this.isOver()) refuse(args, this.failure);
    else if (this.hold?.ended) {
      if (hasChunk) this.refuseAfterEnd(args);
      else refuse(args, nodeError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'The response was ended before'));
    } else {
      if (hasChunk && !res.writableEnded) checkChunk(args);
      const hold = this.beginEnd();
      if (!hold) return this.endNow(args);
      this.keep(hold, 'end', args);
    }
    return res;
  }

  private endNow(args: unknown[]): unknown {
    const result = this.native.end.apply(this.res, args);
    const isOver = this.phase === 'open' && this.isShared && !this.gate.endsOnce;
    if (isOver) dropStandIn(this.res);
    return result;
  }

  /** Answers with an error in place of whatever the application has in mind; nothing where it has answered already. */
  abort(error: unknown): void {
    if (this.phase !== 'untouched' || this.res.headersSent) return;
    this.phase = 'open';
    const hold = this.holdOn();
    queueMicrotask(() => this.fail(error, hold));
  }

  /** Asks the gate at the first call. Returns what this call has to wait with, if it may not go on at once. */
  private begin(): HeldCalls | undefined {
    if (this.phase === 'untouched') {
      this.phase = 'open';
      if (!this.res.headersSent) this.ask(false);
    }
    return this.hold;
  }

  private beginEnd(): HeldCalls | undefined {
    const { res } = this;
    if (this.phase === 'untouched' && !res.headersSent) {
      this.phase = 'open';
      this.endCommitted = true;
      this.ask(false);
      return this.hold;
    }
    const hold = this.begin();
    if (hold || this.phase === 'failed' || this.endCommitted || !res.headersSent) return hold;
    this.endCommitted = true;
    this.ask(true);
    return this.hold;
  }

  private ask(headersSent: boolean): void {
    try {
      const pending = this.gate.commit(headersSent);
      if (pending) {
        const hold = this.holdOn();
        void pending.then(
          () => this.release(hold),
          (error: unknown) => this.fail(error, hold),
        );
      } else if (!headersSent) this.gate.beforeHead();
    } catch (error) {
      // Failing a tick later, as a rejection does, also drops what the application writes until then.
      const hold = this.holdOn();
      queueMicrotask(() => this.fail(error, hold));
    }
  }

  private holdOn(): HeldCalls {
    const { res, replaced } = this;
    this.hold = new HeldCalls(res, replaced.view, replaced.isViewed || this.wasHeld);
    this.wasHeld = true;
    return this.hold;
  }

  /** Somebody who waits for a write is told when the client goes away; most responses are one call that nobody waits for. */
  private keep(hold: HeldCalls, method: Method, args: unknown[]): boolean {
    const { res, replaced } = this;
    if (!this.isWatched && (method === 'write' || replaced.view.isOfHttp2 || callbackOf(args))) {
      this.isWatched = true; // for good: to take a listener off costs more than to leave it
      res.on('close', dropHeld);
    }
    return hold.keep(method, args);
  }

  private release(hold: HeldCalls): void {
    const { res } = this;
    if (hold.gone) return hold.drop(destroyedError()); // Nobody reads the answer, and the application keeps the view that it was given.
    hold.lift();
    this.hold = undefined;
    let accepted: unknown;
    try {
      if (!res.headersSent) this.gate.beforeHead();
      for (let call = hold.calls[0]; call; call = hold.calls[0]) {
        accepted = this[call.method](call.args);
        hold.calls.shift();
      }
    } catch (error) {
      this.fail(error, hold);
      return;
    }
    // When Node took the last write at once, it will not emit the 'drain' that a kept write has promised.
    if (hold.needDrain && accepted !== false && !res.writableEnded) process.nextTick(() => res.emit('drain'));
  }

  private fail(error: unknown, hold: HeldCalls): void {
    const { res } = this;
    hold.lift();
    this.hold = undefined;
    hold.drop(error);
    if (res.headersSent) {
      res.destroy(toError(error));
      return;
    }
    this.phase = 'failed';
    this.failure = error;
    for (const source of this.sources) source.unpipe(res);
    res.statusCode = 200;
    if (!isHttp2(res)) res.statusMessage = '';
    for (const name of CONTENT_HEADERS) if (res.hasHeader(name)) res.removeHeader(name);
    const methods = methodsOf(res);
    if (methods.write !== this.replaced.functions.write || methods.end !== this.replaced.functions.end)
      this.stepAside(methods);
    try {
      this.gate.fail(error);
    } catch (cause) {
      res.destroy(toError(cause)); // The client must not wait for an answer that nobody will give.
    }
  }

  /**
   * A body wrapper put over these functions (compression, say) is in the middle of the lost content and would
   * mangle the error, or ignore it as a second end. The error goes around it, and what it still emits is refused.
   */
  private stepAside(methods: Record<Method, Native>): void {
    Object.assign(methods, this.native);
    const around = new HeldResponse(this.res, this.gate);
    around.phase = 'failed';
    around.failure = this.failure;
    this.phase = 'lost';
  }

  /** Whether a call comes from the lost handler, for which Node would raise an 'error' event on the response. */
  private isOver(): boolean {
    return this.phase === 'lost' || (this.phase === 'failed' && this.res.writableEnded);
  }

  private refuseAfterEnd(args: unknown[]): boolean {
    const { res } = this;
    const error = nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
    process.nextTick(() => {
      callbackOf(args)?.(error);
      if (!res.destroyed) res.emit('error', error);
    });
    return false;
  }
}

/**
 * Holds a response back until the gate has committed: whichever of `writeHead`, `flushHeaders`, `write` and `end`
 * comes first asks it, and waits with all that follow while the application sees them as made.
 */
export function holdResponse(res: ServerResponse, gate: ResponseGate): HeldResponse | undefined {
  // What is passed for a handshake of a WebSocket is often no response at all.
  if (typeof (res as Partial<ServerResponse>).on !== 'function') return undefined;
  return new HeldResponse(res, gate);
}
