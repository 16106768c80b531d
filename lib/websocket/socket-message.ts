import {
  concat,
  concatMap,
  defer,
  filter,
  from,
  ignoreElements,
  isObservable,
  map,
  type Observable,
} from 'rxjs';
import type { Handshake } from './handshake.js';
import type { SocketExchange } from './socket-exchange.js';
import { tellClient } from './ws-errors.js';

/** What Nest calls for a message, and what it gives back. */
export type MessageCallback = (...args: unknown[]) => unknown;

/**
 * One message of a WebSocket. It travels as an argument of the handler, so that whatever runs for the message (guards,
 * parameters, interceptors) shares a session, and messages of one socket at the same time have one each.
 */
export class SocketMessage {
  readonly #client: object;
  readonly #exchange: SocketExchange;

  constructor(client: object, handshake: Handshake) {
    this.#client = client;
    this.#exchange = handshake.begin();
  }

  /** Whether handlers of a class may have the session. */
  isFor(type: object): boolean {
    return this.#exchange.isFor(type);
  }

  /** What the session of the message is loaded through. */
  get request(): object {
    return this.#exchange.request;
  }

  /** Has the message handled. What the client is answered leaves when the session is stored. */
  async handle(callback: MessageCallback, args: readonly unknown[]): Promise<unknown> {
    let isHandled = false;
    try {
      const result = await callback(...args, this);
      isHandled = true;
      if (isObservable(result)) return this.#keepWithEach(result);
      return (await this.#keep()) ? result : undefined;
    } finally {
      if (!isHandled) await this.#keep();
    }
  }

  /** Stores the session before each value, and at the end: a handler behind an interceptor runs with the first. */
  #keepWithEach(values: Observable<unknown>): Observable<unknown> {
    const kept = (): Observable<boolean> => defer(() => from(this.#keep()));
    return concat(
      values.pipe(
        concatMap((value) =>
          kept().pipe(
            filter(Boolean),
            map(() => value),
          ),
        ),
      ),
      kept().pipe(ignoreElements()),
    );
  }

  /** Stores the session; where that fails the client is told, and gets no answer that says otherwise. */
  async #keep(): Promise<boolean> {
    try {
      await this.#exchange.commit();
      return true;
    } catch (error) {
      await tellClient(this.#client, error);
      return false;
    }
  }
}

/** The message among the arguments of its handler: of several kinds of sessions the one for the class of the handler. */
export function messageIn(args: readonly unknown[], type: object): SocketMessage | undefined {
  return args.find((argument) => argument instanceof SocketMessage && argument.isFor(type)) as
    SocketMessage | undefined;
}
