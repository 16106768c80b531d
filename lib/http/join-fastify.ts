import type { IncomingMessage, ServerResponse } from 'node:http';
import { toError } from './node-response.js';
import { exchangeOfRaw } from './request-session.js';
import { CONTENT_HEADERS } from './response-hold.js';
import type { LateAnswer } from './exchange.js';

const REPLY = Symbol('nest-session.reply');

type RawRequest = IncomingMessage & { session?: unknown; [REPLY]?: FastifyReply };

/** The used parts of a request of Fastify. */
interface FastifyRequest {
  readonly raw: RawRequest;
}

/** The used parts of a reply of Fastify. */
interface FastifyReply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  getHeaders(): object;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

/** The used parts of an instance of Fastify, so that this file need not import it. */
export interface FastifyInstance {
  readonly errorHandler: (error: unknown, request: IncomingMessage, reply: ServerResponse) => unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void,
  ): unknown;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, accessor: typeof SESSION_OF_RAW): unknown;
}

/** `request.session`: that of the raw request. */
const SESSION_OF_RAW = {
  getter(this: FastifyRequest): unknown {
    return this.raw.session;
  },
  setter(this: FastifyRequest, session: unknown): void {
    this.raw.session = session;
  },
};

/** For Fastify the lost reply stays sent. Otherwise it would expect the handler to send another one. */
const SENT: PropertyDescriptor = { configurable: true, get: () => true };

/** The reply in its place, which is sent when its response is, although the lost one may have been hijacked. */
const IN_ITS_PLACE: PropertyDescriptorMap & ThisType<FastifyReply> = {
  sent: {
    configurable: true,
    get() {
      return this.raw.writableEnded;
    },
  },
};

/**
 * Adds `request.session` to Fastify, and lets an error after the handler's reply be answered like an error of the handler.
 * Fastify ignores a second call of `next`.
 *
 * @returns The function that answers such an error.
 */
export function joinFastify(fastify: FastifyInstance): LateAnswer {
  if (!fastify.hasRequestDecorator('session')) fastify.decorateRequest('session', SESSION_OF_RAW);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (exchangeOfRaw(request.raw) !== undefined) request.raw[REPLY] = reply;
    done();
  });
  return (error, req: RawRequest, res) => {
    const reply = req[REPLY];
    // There is none if a middleware has answered before Fastify's own part, as Nest does with their errors.
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
 * A reply copies its headers over those of the response. The headers of the lost content must not come back, and must not
 * replace those of the error, such as the cookie of a new id.
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
