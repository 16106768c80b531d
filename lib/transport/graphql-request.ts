import { exchangeOf } from '../http/request-session.js';
import { handshakeOfUpgrade } from '../websocket/handshake.js';

/** The request in the context of GraphQL drivers: `req` (Apollo), `request`, or `reply.request` (Mercurius). */
interface GraphqlContext {
  readonly req?: unknown;
  readonly request?: unknown;
  readonly reply?: { readonly request?: unknown };
}

/** The WebSocket of a subscription, in the context of `graphql-ws`. */
interface SubscriptionContext {
  readonly extra?: { readonly request?: unknown };
}

/** The requests of subscriptions, by their context, so that one subscription has one session. */
const subscriptions = new WeakMap<object, object>();

/**
 * The request of a resolver. Its parameters are root, arguments, context and info. Resolvers of types and references
 * have no arguments, so their second parameter is the context.
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
