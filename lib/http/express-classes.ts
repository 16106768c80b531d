import { IncomingMessage, type Server, ServerResponse } from 'node:http';

/** The prototypes that an application of Express gives requests and responses. */
export interface ExpressPrototypes {
  request: object;
  response: object;
}

/**
 * Has a server make requests and responses with the prototypes that an application of Express gives them.
 *
 * Express changes the prototype of each one, and what it leaves alone is only what has the right one already. An object
 * whose prototype was changed is of a class of its own for V8, which finds nothing on it in a cache: two thirds of the
 * time of a small route go into that.
 *
 * The classes of a server are an option of Node's `createServer()`, which Nest does not pass on. A server that was given
 * others, or that keeps them where nobody finds them, goes on as it was, and so does what only looks like Express.
 */
export function makeForExpress(server: Server, app: ExpressPrototypes): void {
  const [requests, responses] = ['IncomingMessage', 'ServerResponse'].map((name) => symbolOf(server, name));
  const classes = server as unknown as Record<symbol, unknown>;
  if (requests === undefined || classes[requests] !== IncomingMessage) return;
  if (responses === undefined || classes[responses] !== ServerResponse) return;
  if (!isObject(app.request) || !isObject(app.response)) return;

  class ExpressRequest extends IncomingMessage {
    get upgrade(): boolean {
      return false;
    }

    /** Who takes over the connection is given a request as Node makes it: on one of Express `query`, say, is read-only. */
    set upgrade(isUpgrade: boolean | null) {
      if (!isUpgrade) return;
      Object.setPrototypeOf(this, IncomingMessage.prototype);
      this.upgrade = isUpgrade;
    }
  }

  class ExpressResponse extends ServerResponse {}

  for (const { prototype } of [ExpressRequest, ExpressResponse])
    Reflect.deleteProperty(prototype, 'constructor'); // as Express has it, it is Node's
  app.request = Object.setPrototypeOf(ExpressRequest.prototype, app.request) as object;
  app.response = Object.setPrototypeOf(ExpressResponse.prototype, app.response) as object;
  classes[requests] = ExpressRequest;
  classes[responses] = ExpressResponse;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function symbolOf(server: Server, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(server).find(({ description }) => description === name);
}
