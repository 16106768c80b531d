import type { ServerResponse } from 'node:http';
import type { HeldCalls } from './held-calls.js';
import { headersSentError, type Native } from './node-response.js';
import { standInOf } from './stand-in.js';

/** What Node says about each when it comes too late. */
const HEADER_METHODS = {
  setHeader: 'set',
  setHeaders: 'set',
  appendHeader: 'append',
  removeHeader: 'remove',
};

/** How a response looks while it holds calls: as if they had been made. */
const HELD: Readonly<Record<string, (hold: HeldCalls, native: unknown) => unknown>> = {
  headersSent: () => true,
  writableEnded: ({ ended }) => ended,
  writableFinished: () => false,
  writableNeedDrain: ({ needDrain, ended }) => needDrain && !ended,
  writableLength: ({ bytes }, native) => bytes + Number(native),
};

/** The names of what is seen otherwise. */
export const HELD_NAMES = [...Object.keys(HELD), ...Object.keys(HEADER_METHODS)];

/**
 * Members to be put before those of a prototype of responses: a response that holds calls looks as if they had been made,
 * any other shows what is behind them.
 */
export class HeldView {
  readonly descriptors: Readonly<PropertyDescriptorMap>;
  readonly names: readonly string[];
  /** Whether it is of the compatibility responses of HTTP/2. */
  readonly isOfHttp2: boolean;

  constructor(behind: object, isOfHttp2: boolean) {
    // Of HTTP/1 `finished` is a plain value of each response's own.
    const getters = isOfHttp2 ? { finished: HELD.writableEnded!, ...HELD } : HELD;
    this.isOfHttp2 = isOfHttp2;
    const descriptors: PropertyDescriptorMap = {};
    for (const [name, view] of Object.entries(getters)) descriptors[name] = getter(behind, name, view);
    for (const [name, verb] of Object.entries(HEADER_METHODS))
      descriptors[name] = headerMethod(behind, name, verb);
    this.descriptors = descriptors;
    this.names = Object.keys(descriptors);
  }

  /** Whether a property is one of these. */
  has(name: string, property: PropertyDescriptor | undefined): boolean {
    const own = this.descriptors[name]!;
    return property !== undefined && property.get === own.get && property.value === own.value;
  }
}

function getter(
  behind: object,
  name: string,
  view: (hold: HeldCalls, native: unknown) => unknown,
): PropertyDescriptor & ThisType<ServerResponse> {
  const native = getterOf(behind, name);
  return {
    configurable: true,
    get() {
      const shown: unknown = native.call(this);
      const hold = standInOf(this)?.hold;
      return hold === undefined ? shown : view(hold, shown);
    },
  };
}

type Getter = (this: ServerResponse) => unknown;

/** The getter of a member, which all of these are, looked up once. */
function getterOf(behind: object, name: string): Getter {
  for (let holder = behind; holder; holder = Object.getPrototypeOf(holder) as object) {
    const member = Object.getOwnPropertyDescriptor(holder, name) as
      { get?: Getter; value?: unknown } | undefined;
    if (member !== undefined) return member.get ?? (() => member.value);
  }
  return () => undefined;
}

function headerMethod(
  behind: object,
  name: string,
  verb: string,
): PropertyDescriptor & ThisType<ServerResponse> {
  return {
    configurable: true,
    writable: true,
    value(this: ServerResponse, header: unknown, value: unknown): unknown {
      if (standInOf(this)?.hold !== undefined) throw headersSentError(verb);
      return (behind as Record<string, Native>)[name]!.call(this, header, value);
    },
  };
}
