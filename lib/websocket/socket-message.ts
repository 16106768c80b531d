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

/** The handler of a message, as Nest calls it. */
export type MessageCallback = (...args: unknown[]) => unknown;

/**
 * One message of a WebSocket. It is passed as an argument of the handler, so that guards, parameters and interceptors of the
 * message share a session, and concurrent messages of one socket have one each.
 */
export class SocketMessage {
  readonly #client: object;
  readonly #exchange: SocketExchange;

  constructor(client: object, handshake: Handshake) {
    this.#client = client;
    this.#exchange = handshake.begin();
  }

  /** Whether handlers of a class may use the session. */
  isFor(type: object): boolean {
    return this.#exchange.isFor(type);
  }

  /** The request that has the session of the message. */
  get request(): object {
    return this.#exchange.request;
  }

  /** Handles the message. The answer is sent after the session is stored. */
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

  /** Stores the session before each value, and at the end. Behind an interceptor, the handler runs with the first value. */
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

  /** Stores the session. If that fails, the client gets the error and no other answer. */
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

/** The message among the arguments of a handler. With several `SessionModule`s it is the one for the class. */
export function messageIn(args: readonly unknown[], type: object): SocketMessage | undefined {
  return args.find((argument) => argument instanceof SocketMessage && argument.isFor(type)) as
    SocketMessage | undefined;
}
