import type { ServerResponse } from 'node:http';
import type { HeldCalls } from './held-calls.js';
import type { Method } from './node-response.js';

/** What stands in for the functions of a response that put bytes on the wire. */
export type StandIn = Readonly<Record<Method, (args: unknown[]) => unknown>> & {
  /** The calls that have to wait. */
  readonly hold: HeldCalls | undefined;
};

/**
 * What a request carries for this module, its response's stand-in included. Not a WeakMap: what its values lead back to
 * would outlive the request until the next full garbage collection.
 */
export const CARRIED = Symbol('nest-session.exchange');

/** See {@link CARRIED}. */
export interface Carried {
  standIn?: StandIn | undefined;
}

interface Carrier {
  [CARRIED]?: Carried;
}

function carrierOf(res: ServerResponse): Carrier {
  return (res as { readonly req?: object }).req ?? res;
}

/** What stands in for a response. */
export function standInOf(res: ServerResponse): StandIn | undefined {
  return carrierOf(res)[CARRIED]?.standIn;
}

/** Takes note of what stands in for a response. */
export function setStandIn(res: ServerResponse, standIn: StandIn): void {
  (carrierOf(res)[CARRIED] ??= {}).standIn = standIn;
}
