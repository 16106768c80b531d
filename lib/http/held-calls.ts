import { type ServerResponse, STATUS_CODES } from 'node:http';
import {
  byteLength,
  destroyedError,
  headersSentError,
  isHttp2,
  type Method,
  type Native,
  refuse,
} from './node-response.js';

/** What Node says about each when it comes too late. */
const HEADER_METHODS = {
  setHeader: 'set',
  setHeaders: 'set',
  appendHeader: 'append',
  removeHeader: 'remove',
};

/** The calls a response has to wait with, and the view of that response as if they had been made. */
export class HeldCalls {
  readonly calls: { readonly method: Method; readonly args: unknown[] }[] = [];
  ended = false;
  needDrain = false;
  private bytes = 0;
  private closed = false;
  private lifted = false;
  private readonly statusCode: number;
  private readonly statusMessage: string | undefined;
  private readonly views: PropertyDescriptorMap;
  private readonly originals: PropertyDescriptorMap = {};

  constructor(private readonly res: ServerResponse) {
    this.statusCode = res.statusCode;
    if (!isHttp2(res)) {
      this.statusMessage = res.statusMessage;
      res.statusMessage ||= STATUS_CODES[res.statusCode] ?? 'unknown';
    }
    res.once('close', this.onClose);
    const prototype = Object.getPrototypeOf(res) as object;
    this.views = {
      headersSent: { get: () => true },
      finished: { get: () => this.ended },
      writableEnded: { get: () => this.ended },
      writableFinished: { get: () => false },
      writableNeedDrain: { get: () => this.needDrain && !this.ended },
      writableLength: { get: () => this.bytes + Number(Reflect.get(prototype, 'writableLength', res)) },
    };
    for (const [name, verb] of Object.entries(HEADER_METHODS)) {
      const native = (res as unknown as Record<string, Native>)[name];
      const value: Native = (...args) => {
        if (!this.lifted) throw headersSentError(verb);
        return native?.apply(res, args);
      };
      this.views[name] = { value, writable: true };
    }
    for (const [name, view] of Object.entries(this.views)) {
      const original = Object.getOwnPropertyDescriptor(res, name);
      if (original) this.originals[name] = original;
      Object.defineProperty(res, name, { ...view, configurable: true });
    }
  }

  /** Whether the client went away: whatever is kept can only be dropped. */
  get gone(): boolean {
    return this.closed || this.res.destroyed;
  }

  /** Keeps a call for the release. Returns whether the application may write on, as `res.write` does. */
  keep(method: Method, args: unknown[]): boolean {
    if (method === 'end') this.ended = true;
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
    const { res, views, originals } = this;
    this.lifted = true;
    res.off('close', this.onClose);
    for (const [name, view] of Object.entries(views)) {
      const current = Object.getOwnPropertyDescriptor(res, name);
      if (current?.get !== view.get || current?.value !== view.value) continue; // somebody patched it since
      if (originals[name]) Object.defineProperty(res, name, originals[name]);
      else Reflect.deleteProperty(res, name);
    }
    // As in Node, a status assigned after the call that decided it changes nothing.
    res.statusCode = this.statusCode;
    if (!isHttp2(res)) res.statusMessage = this.statusMessage ?? '';
  }

  private readonly onClose = (): void => {
    this.closed = true;
    this.drop(destroyedError());
  };
}
