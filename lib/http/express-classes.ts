import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** What is used of an application of Express: what it gives requests and responses for a prototype. */
export interface ExpressPrototypes {
  request: object;
  response: object;
}

/** A server, and where it keeps the classes of what it makes. */
type Classes = Record<symbol, unknown>;

/**
 * Has the server of an application of Express make requests and responses that have their prototype from the beginning.
 *
 * Express gives each one that has another prototype its own, and V8 then finds nothing on it in a cache any more: of a
 * small route that is most of the time. The classes of a server are an option of Node's `createServer()`, which Nest
 * does not pass on, so they are set where the server keeps them. Whatever is not as expected stays as it is: slower,
 * and right.
 *
 * Others who listen for requests, such as Socket.IO, expect them as Node makes them, and get them so: with the first of
 * those all is as before.
 */
export function makeForExpress(server: Server | undefined, app: ExpressPrototypes): void {
  if (!isObject(server) || !isObject(app.request) || !isObject(app.response)) return;
  const listeners: readonly unknown[] = server.listeners('request');
  if (listeners.length !== 1 || listeners[0] !== app) return;
  const [requests, responses] = ['IncomingMessage', 'ServerResponse'].map((name) => symbolOf(server, name));
  const classes = server as unknown as Classes;
  if (requests === undefined || classes[requests] !== IncomingMessage) return;
  if (responses === undefined || classes[responses] !== ServerResponse) return;

  class ExpressRequest extends IncomingMessage {
    get upgrade(): boolean {
      return false;
    }

    /** Who takes over a connection gets its request as Node makes it, too. Node says here that somebody may. */
    set upgrade(isUpgrade: boolean | null) {
      if (!isUpgrade) return;
      Object.setPrototypeOf(this, IncomingMessage.prototype);
      this.upgrade = isUpgrade;
    }
  }

  class ExpressResponse extends ServerResponse {}

  if (Object.hasOwn(new ExpressRequest(new Socket()), 'upgrade')) return; // nobody would be told of an upgrade
  app.request = inPlaceOf(app.request, ExpressRequest.prototype);
  app.response = inPlaceOf(app.response, ExpressResponse.prototype);
  classes[requests] = ExpressRequest;
  classes[responses] = ExpressResponse;
  server.on('newListener', (event) => {
    if (event !== 'request') return;
    classes[requests] = IncomingMessage;
    classes[responses] = ServerResponse;
  });
}

/** Makes a prototype the same as another one. Its constructor is not its own, either: what is made is what Node makes. */
function inPlaceOf(original: object, prototype: object): object {
  Reflect.deleteProperty(prototype, 'constructor');
  Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(original));
  return Object.setPrototypeOf(prototype, Object.getPrototypeOf(original) as object) as object;
}

function symbolOf(server: object, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(server).find(({ description }) => description === name);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
