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

const HELD_CALLS = Symbol('nest-session.heldCalls');

type ViewedResponse = ServerResponse & { [HELD_CALLS]?: HeldCalls | undefined; finished: boolean };

/** The calls a response has to wait with, and the view of that response as if they had been made. */
export class HeldCalls {
  readonly calls: { readonly method: Method; readonly args: unknown[] }[] = [];
  ended = false;
  needDrain = false;
  bytes = 0;
  private closed = false;
  private readonly statusCode: number;
  private readonly statusMessage: string | undefined;
  private readonly view: View;
  /** Members of the view that somebody has put on this very response, as they were. */
  private patched: PropertyDescriptorMap | undefined;

  private readonly res: ViewedResponse;

  constructor(response: ServerResponse) {
    const res = (this.res = response as ViewedResponse);
    this.statusCode = res.statusCode;
    if (!isHttp2(res)) {
      this.statusMessage = res.statusMessage;
      res.statusMessage ||= STATUS_CODES[res.statusCode] ?? 'unknown';
    }
    // Once, and for good: to take a listener off costs more than the rest of this.
    if (!(HELD_CALLS in res)) res.on('close', dropAll);
    res[HELD_CALLS] = this;
    this.view = viewBefore(Object.getPrototypeOf(res) as object);
    for (const name of this.view.names) {
      // Of HTTP/1 a plain value of each response's own, which keep() sets.
      if (name !== 'finished' && Object.hasOwn(res, name)) this.patch(name);
    }
    // It stays there: without held calls it shows what is behind it, and to change a prototype back costs a request more.
    Object.setPrototypeOf(res, this.view.prototype);
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
      if (!isHttp2(this.res)) this.res.finished = true;
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
    res[HELD_CALLS] = undefined;
    for (const name in patched) {
      const current = Object.getOwnPropertyDescriptor(res, name);
      const viewed = view.descriptors[name]!;
      // Unless somebody has patched it since.
      if (current?.get === viewed.get && current?.value === viewed.value)
        Object.defineProperty(res, name, patched[name]!);
    }
    // As in Node, a status assigned after the call that decided it changes nothing.
    res.statusCode = this.statusCode;
    if (isHttp2(res)) return;
    res.statusMessage = this.statusMessage ?? '';
    res.finished = false;
  }

  private patch(name: string): void {
    (this.patched ??= {})[name] = Object.getOwnPropertyDescriptor(this.res, name)!;
    Object.defineProperty(this.res, name, this.view.descriptors[name]!);
  }
}

function dropAll(this: ViewedResponse): void {
  this[HELD_CALLS]?.close();
}

/** A view of responses: what stands before their own prototype for as long as their calls are held. */
interface View {
  readonly prototype: object;
  readonly names: readonly string[];
  readonly descriptors: PropertyDescriptorMap;
}

/** By the prototype they stand before: Node's own, or that of an application's responses. */
const VIEWS = new WeakMap<object, View>();

function viewBefore(prototype: object): View {
  const known = VIEWS.get(prototype);
  if (known !== undefined) return known;
  const descriptors = descriptorsBefore(prototype);
  const view = {
    prototype: Object.create(prototype, descriptors) as object,
    names: Object.keys(descriptors),
    descriptors,
  };
  VIEWS.set(prototype, view);
  VIEWS.set(view.prototype, view);
  return view;
}

/** What outlives the hold, because somebody took it from the response meanwhile, does then what is there without it. */
function descriptorsBefore(prototype: object): PropertyDescriptorMap {
  const own = (res: ViewedResponse, name: string): unknown => Reflect.get(prototype, name, res);
  const getters: Record<string, (res: ViewedResponse, hold: HeldCalls) => unknown> = {
    headersSent: () => true,
    finished: (_, { ended }) => ended,
    writableEnded: (_, { ended }) => ended,
    writableFinished: () => false,
    writableNeedDrain: (_, { needDrain, ended }) => needDrain && !ended,
    writableLength: (res, { bytes }) => bytes + Number(own(res, 'writableLength')),
  };
  const descriptors: PropertyDescriptorMap = {};
  for (const [name, valueOf] of Object.entries(getters)) {
    descriptors[name] = {
      configurable: true,
      get(this: ViewedResponse) {
        const hold = this[HELD_CALLS];
        return hold === undefined ? own(this, name) : valueOf(this, hold);
      },
    };
  }
  for (const [name, verb] of Object.entries(HEADER_METHODS)) {
    const value = function (this: ViewedResponse, ...args: unknown[]): unknown {
      if (this[HELD_CALLS] !== undefined) throw headersSentError(verb);
      return (own(this, name) as Native).apply(this, args);
    };
    descriptors[name] = { configurable: true, writable: true, value };
  }
  return descriptors;
}
