import type { ServerResponse } from 'node:http';
import { HELD_NAMES, HeldView } from './held-view.js';
import { isHttp2, METHODS, type Method, methodsOf, type Native } from './node-response.js';
import { setStandIn, type StandIn, standInOf } from './stand-in.js';

type Functions = Readonly<Record<Method, Native>>;

/** A response whose functions somebody stands in for. */
export interface Replacement {
  /** The functions that were there. */
  readonly native: Functions;
  /** The functions that are there now. */
  readonly functions: Functions;
  /** How the response looks while it holds calls. */
  readonly view: HeldView;
  /** Whether that view is there already, with the prototype. */
  readonly isViewed: boolean;
  /** Whether nobody else had put functions on the response. */
  readonly isNative: boolean;
}

/** The functions that responses are given: the same for all, each of which finds what stands in for its response. */
const FUNCTIONS: Functions = {
  writeHead(...args) {
    const standIn = standInOf(this);
    return standIn?.isShared ? standIn.writeHead(args) : behind(this, 'writeHead').apply(this, args);
  },
  flushHeaders(...args) {
    const standIn = standInOf(this);
    return standIn?.isShared ? standIn.flushHeaders(args) : behind(this, 'flushHeaders').apply(this, args);
  },
  write(...args) {
    const standIn = standInOf(this);
    return standIn?.isShared ? standIn.write(args) : behind(this, 'write').apply(this, args);
  },
  end(...args) {
    const standIn = standInOf(this);
    return standIn?.isShared ? standIn.end(args) : behind(this, 'end').apply(this, args);
  },
};

/** The function that a response would have without this module: of nearly all, the one behind the shared functions. */
function behind(res: ServerResponse, method: Method): Native {
  const prototype = Object.getPrototypeOf(res) as object;
  const shared = PLACES.get(prototype)?.shared;
  const native = shared && methodsOf(Object.getPrototypeOf(shared) as ServerResponse)[method];
  return native === undefined || native === FUNCTIONS[method] ? nearestOther(prototype, method, res) : native;
}

function nearestOther(prototype: object, method: Method, res: ServerResponse): Native {
  let holder = prototype;
  while (!hasOther(holder, method)) holder = Object.getPrototypeOf(holder) as object;
  return Reflect.get(holder, method, res) as Native;
}

/**
 * Has `standIn` called in place of four functions of a response.
 *
 * On Express the functions go to its prototype of responses, which is there to be extended. To put them on each response
 * would cost more than all the rest of a session: V8 makes a class of its own for every
 * property that is added to an object whose prototype was changed.
 */
export function replaceFunctions(res: ServerResponse, standIn: StandIn): Replacement {
  const methods = methodsOf(res);
  const { view, shared } = placeFor(res);
  const isAgain = standInOf(res) !== undefined;
  if (!isAgain) setStandIn(res, standIn);
  const isViewed = isAgain || shared !== undefined;
  const isNative = !isAgain && !METHODS.some((method) => Object.hasOwn(res, method));
  if (isNative && shared !== undefined) {
    const native = functionsOf(methodsOf(Object.getPrototypeOf(shared) as ServerResponse));
    return { native, functions: FUNCTIONS, view, isViewed, isNative };
  }
  const native = functionsOf(methods);
  const functions = isNative ? FUNCTIONS : ownFunctions(standIn);
  methods.writeHead = functions.writeHead;
  methods.flushHeaders = functions.flushHeaders;
  methods.write = functions.write;
  methods.end = functions.end;
  return { native, functions, view, isViewed, isNative };
}

function functionsOf({ writeHead, flushHeaders, write, end }: Functions): Functions {
  return { writeHead, flushHeaders, write, end };
}

/** For a response that has functions of its own already. */
function ownFunctions(standIn: StandIn): Functions {
  return {
    writeHead: (...args) => standIn.writeHead(args),
    flushHeaders: (...args) => standIn.flushHeaders(args),
    write: (...args) => standIn.write(args),
    end: (...args) => standIn.end(args),
  };
}

/** Where responses of one prototype have the functions and the view from. */
interface Place {
  readonly view: HeldView;
  /** The prototype that has them; undefined where each response has its own. */
  readonly shared: object | undefined;
}

const PLACES = new WeakMap<object, Place>();

function placeFor(res: ServerResponse): Place {
  const prototype = Object.getPrototypeOf(res) as object;
  let place = PLACES.get(prototype);
  if (place !== undefined) return place;
  const shared = findShared(prototype);
  const known = shared && PLACES.get(shared);
  place = known ?? {
    view: new HeldView(
      shared === undefined ? prototype : (Object.getPrototypeOf(shared) as object),
      isHttp2(res),
    ),
    shared,
  };
  PLACES.set(prototype, place);
  if (shared === undefined || known !== undefined) return place;
  PLACES.set(shared, place);
  Object.defineProperties(shared, place.view.descriptors);
  for (const method of METHODS)
    Object.defineProperty(shared, method, { value: FUNCTIONS[method], writable: true, configurable: true });
  return place;
}

/**
 * Of the prototypes that were put before Node's the last: the one that all Express applications share, so that a request
 * keeps the functions when it enters and leaves another application, however that is mounted. Responses that nobody stands
 * in for pass through.
 */
function findShared(prototype: object): object | undefined {
  const before: object[] = [];
  for (let next = prototype; !isForeign(next); next = Object.getPrototypeOf(next) as object)
    before.push(next);
  return before.at(-1);
}

/** Whether a prototype has functions of its own that these would take the place of. */
function isForeign(holder: object): boolean {
  if (METHODS.some((method) => hasOther(holder, method))) return true;
  return HELD_NAMES.some((name) => Object.hasOwn(holder, name)) && PLACES.get(holder)?.shared !== holder;
}

function hasOther(holder: object, method: Method): boolean {
  const own = Object.getOwnPropertyDescriptor(holder, method);
  return own !== undefined && own.value !== FUNCTIONS[method];
}
