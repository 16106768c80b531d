import { exchangeOf } from '../http/request-session.js';
import { handshakeOfUpgrade } from '../websocket/handshake.js';

/** What drivers of GraphQL keep of the request: `req` (Apollo), `request`, or `reply.request` (Mercurius). */
interface GraphqlContext {
  readonly req?: unknown;
  readonly request?: unknown;
  readonly reply?: { readonly request?: unknown };
}

/** What `graphql-ws` hands on of the WebSocket that a subscription came through. */
interface SubscriptionContext {
  readonly extra?: { readonly request?: unknown };
}

/** The requests of subscriptions, by their context, so that one subscription has one session. */
const subscriptions = new WeakMap<object, object>();

/**
 * The request of a resolver. Its parameters are root, arguments, context and info; resolvers of types and references have no
 * arguments, so that the context comes second.
 *
 * @param type - The class of the resolver.
 */
export function graphqlRequestOf(args: readonly unknown[], type: object): unknown {
  for (const context of [args[2], args[1]] as (GraphqlContext | undefined)[]) {
    const request = context?.req ?? context?.request ?? context?.reply?.request;
    if (!isObject(context) || !isObject(request)) continue;
    return exchangeOf(request) === undefined ? (subscriptionOf(context, request, type) ?? request) : request;
  }
  return undefined;
}

function subscriptionOf(context: object, request: SubscriptionContext, type: object): object | undefined {
  const known = subscriptions.get(context);
  if (known !== undefined) return known;
  const upgrade = [request.extra?.request, request].find(isObject);
  const begun = upgrade && handshakeOfUpgrade(upgrade, type)?.begin().request;
  if (begun !== undefined) subscriptions.set(context, begun);
  return begun;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
