import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { HeldView } from './held-view.js';
import { byteLength, destroyedError, type Method, refuse } from './node-response.js';

/** The calls a response has to wait with, and the view of that response as if they had been made. */
export class HeldCalls {
  readonly calls: { readonly method: Method; readonly args: unknown[] }[] = [];
  ended = false;
  needDrain = false;
  bytes = 0;
  private closed = false;
  private readonly statusCode: number;
  private readonly statusMessage: string | undefined;
  /** Members of the view that somebody has put on this very response, as they were. */
  private patched: PropertyDescriptorMap | undefined;

  /** @param isViewed - Whether the response has the view already. */
  constructor(
    private readonly res: ServerResponse,
    private readonly view: HeldView,
    isViewed: boolean,
  ) {
    this.statusCode = res.statusCode;
    if (!view.isOfHttp2) {
      this.statusMessage = res.statusMessage;
      res.statusMessage ||= STATUS_CODES[res.statusCode] ?? 'unknown';
    }
    for (const name of view.names) if (Object.hasOwn(res, name)) this.patch(name);
    // For good: to take properties off costs more than all the rest of this.
    if (!isViewed) Object.defineProperties(res, view.descriptors);
  }

  /** Whether the client went away: whatever is kept can only be dropped. */
  get gone(): boolean {
    return this.closed || this.res.destroyed;
  }

  /** Takes note that the client went away. */
  close(): void {
    this.closed = true;
    this.drop(destroyedError());
  }

  /** Keeps a call for the release. Returns whether the application may write on, as `res.write` does. */
  keep(method: Method, args: unknown[]): boolean {
    if (method === 'end') {
      this.ended = true;
      if (!this.view.isOfHttp2) setFinished(this.res, true);
    }
    if (this.gone) return refuse(args, destroyedError());
    this.calls.push({ method, args });
    if (method === 'write' || method === 'end') this.bytes += byteLength(args);
    const hasRoom = this.bytes < this.res.writableHighWaterMark;
    if (method === 'write' && !hasRoom) this.needDrain = true;
    return hasRoom;
  }

  drop(error: unknown): void {
    for (const { args } of this.calls.splice(0)) refuse(args, error);
    this.bytes = 0;
  }

  /** Gives the response its own view back. */
  lift(): void {
    const { res, view, patched } = this;
    for (const name in patched) {
      const current = Object.getOwnPropertyDescriptor(res, name);
      // Unless somebody has patched it since.
      if (view.has(name, current)) Object.defineProperty(res, name, patched[name]!);
    }
    // As in Node, a status assigned after the call that decided it changes nothing.
    res.statusCode = this.statusCode;
    if (view.isOfHttp2) return;
    res.statusMessage = this.statusMessage ?? '';
    setFinished(res, false);
  }

  private patch(name: string): void {
    const current = Object.getOwnPropertyDescriptor(this.res, name)!;
    if (this.view.has(name, current)) return;
    (this.patched ??= {})[name] = current;
    Object.defineProperty(this.res, name, this.view.descriptors[name]!);
  }
}

/** What `writableEnded` of HTTP/1 goes by. */
function setFinished(res: ServerResponse, finished: boolean): void {
  (res as { finished: boolean }).finished = finished;
}
