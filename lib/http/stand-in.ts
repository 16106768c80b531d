import type { ServerResponse } from 'node:http';
import type { HeldCalls } from './held-calls.js';
import type { Method } from './node-response.js';

/** What stands in for the functions of a response that put bytes on the wire. */
export type StandIn = Readonly<Record<Method, (args: unknown[]) => unknown>> & {
  /** The calls that have to wait. */
  readonly hold: HeldCalls | undefined;
  /**
   * Whether it is called by the functions that all responses share. Not where somebody had put functions on the response
   * before: those may have taken the shared ones for Node's, and go on to them.
   */
  readonly isShared: boolean;
};

/**
 * Not a property of the response: on Express every response is of a class of its own for V8, and what is looked up on one
 * is never found in a cache.
 */
const STAND_INS = new WeakMap<ServerResponse, StandIn>();

/** What stands in for a response. */
export function standInOf(res: ServerResponse): StandIn | undefined {
  return STAND_INS.get(res);
}

/** Takes note of what stands in for a response. */
export function setStandIn(res: ServerResponse, standIn: StandIn): void {
  STAND_INS.set(res, standIn);
}

/** Leaves a response that was ended to itself: what leads back to its key a WeakMap keeps until the next full collection. */
export function dropStandIn(res: ServerResponse): void {
  STAND_INS.delete(res);
}
