import type { IncomingMessage, ServerResponse } from 'node:http';
import { toError } from './node-response.js';
import { exchangeOfRaw } from './request-session.js';
import { CONTENT_HEADERS } from './response-hold.js';
import type { LateAnswer } from './exchange.js';

const REPLY = Symbol('nest-session.reply');

type RawRequest = IncomingMessage & { session?: unknown; [REPLY]?: FastifyReply };

/** What is used of a request of Fastify. */
interface FastifyRequest {
  readonly raw: RawRequest;
}

/** What is used of a reply of Fastify. */
interface FastifyReply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  getHeaders(): object;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

/** What is used of an instance of Fastify, so that no import asks for the package. */
export interface FastifyInstance {
  readonly errorHandler: (error: unknown, request: IncomingMessage, reply: ServerResponse) => unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void,
  ): unknown;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, accessor: typeof SESSION_OF_RAW): unknown;
}

/** `request.session`: that of the raw request, which the middleware is given. */
const SESSION_OF_RAW = {
  getter(this: FastifyRequest): unknown {
    return this.raw.session;
  },
  setter(this: FastifyRequest, session: unknown): void {
    this.raw.session = session;
  },
};

/** To Fastify the lost reply stays sent, or it would take a handler that is done for one that has sent nothing yet. */
const SENT: PropertyDescriptor = { configurable: true, get: () => true };

/** The reply that takes its place is sent when it is, although the lost one may have been hijacked. */
const IN_ITS_PLACE: PropertyDescriptorMap & ThisType<FastifyReply> = {
  sent: {
    configurable: true,
    get() {
      return this.raw.writableEnded;
    },
  },
};

/**
 * Makes sessions at home in Fastify: its requests show theirs, and an error that comes when a handler has sent its reply
 * is answered as one of the handler's own. To call `next` again would be unheard there, for the middleware has had its turn.
 *
 * @returns What answers such an error.
 */
export function joinFastify(fastify: FastifyInstance): LateAnswer {
  if (!fastify.hasRequestDecorator('session')) fastify.decorateRequest('session', SESSION_OF_RAW);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (exchangeOfRaw(request.raw) !== undefined) request.raw[REPLY] = reply;
    done();
  });
  return (error, req: RawRequest, res) => {
    const reply = req[REPLY];
    // Where a middleware has answered before Fastify's own part began, as Nest does with the errors of such.
    if (reply !== undefined) sendError(reply, error);
    else
      void Promise.resolve(fastify.errorHandler(error, req, res)).catch((cause: unknown) =>
        res.destroy(toError(cause)),
      );
  };
}

function sendError(lost: FastifyReply, error: unknown): void {
  Object.defineProperty(lost, 'sent', SENT);
  const reply = Object.create(lost, IN_ITS_PLACE) as FastifyReply;
  forgetHeaders(reply);
  reply.send(error);
}

/**
 * A reply puts its headers over those of the response. What was to go with the lost content must not come back, and what
 * is there for the error, such as the cookie of a new id, must not be replaced by what was there before.
 */
function forgetHeaders(reply: FastifyReply): void {
  const { raw } = reply;
  for (const name of Object.keys(reply.getHeaders())) {
    const kept = raw.getHeader(name);
    if (kept === undefined && !CONTENT_HEADERS.includes(name)) continue;
    reply.removeHeader(name); // in Fastify 5 off the response, too
    if (kept !== undefined) raw.setHeader(name, kept);
  }
}
