import type { IncomingMessage } from 'node:http';
import type { WebSocketAdapter, WsMessageHandler } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { exchangeOf } from '../http/request-session.js';
import type { ExchangeContext } from '../http/exchange.js';
import { Handshake, handshakeOfClient, rememberClient, rememberServer } from './handshake.js';
import { type MessageCallback, SocketMessage } from './socket-message.js';

/** Gives messages of WebSockets their session, with any adapter. */
export class SocketSessions {
  readonly #host: HttpAdapterHost;

  constructor(
    readonly context: ExchangeContext,
    host: HttpAdapterHost,
  ) {
    this.#host = host;
  }

  /** Attaches to every adapter that the application gets. */
  watch(config: ApplicationConfig): void {
    const setAdapter = config.setIoAdapter.bind(config);
    config.setIoAdapter = (adapter) => {
      this.#attach(adapter);
      setAdapter(adapter);
    };
    const given = config.getIoAdapter() as WebSocketAdapter | null | undefined;
    if (given) this.#attach(given);
  }

  /** Registers the application's server, for handshakes without an adapter, such as those of GraphQL. */
  watchServer(): void {
    const server: unknown = this.#host.httpAdapter?.getHttpServer();
    if (isObject(server)) rememberServer(server, this);
  }

  /** The handshake of a client, or of the request of a handshake. */
  handshakeOf(subject: object): Handshake | undefined {
    const known = handshakeOfClient(subject, this.context);
    if (known !== undefined) return known;
    const { handshake, request, headers } = subject as {
      readonly handshake?: unknown;
      readonly request?: unknown;
      readonly headers?: IncomingMessage['headers'];
    };
    // A socket of socket.io in a middleware of its server is not connected yet.
    if (isObject(handshake) && isRequest(request)) return this.#begin(request);
    const isUpgrade = isRequest(subject) && headers?.upgrade !== undefined;
    return isUpgrade && exchangeOf(subject) === undefined ? this.#begin(subject) : undefined;
  }

  #attach(adapter: WebSocketAdapter): void {
    const bindClientConnect = adapter.bindClientConnect.bind(adapter);
    const bindMessageHandlers = adapter.bindMessageHandlers.bind(adapter);
    adapter.bindClientConnect = (server: unknown, callback: MessageCallback): unknown =>
      bindClientConnect(server, (...args: unknown[]) => {
        this.#remember(args);
        return callback(...args);
      }) as unknown;
    adapter.bindMessageHandlers = (client: object, handlers, transform): unknown =>
      bindMessageHandlers(
        client,
        handlers.map((handler) => withSession(client, handler, this.context)),
        transform,
      ) as unknown;
  }

  /** Sockets of socket.io have the request, `ws` passes it as the second argument. */
  #remember([client, request]: readonly unknown[]): void {
    if (!isObject(client)) return;
    const own = (client as { readonly request?: unknown }).request;
    const found = [own, request].find(isRequest);
    if (found !== undefined) rememberClient(client, this.#begin(found));
  }

  /**
   * When a socket was opened: the time when its request was first seen here. The age of the connection is not used,
   * because it may have carried other requests before.
   */
  #openedAt(request: IncomingMessage): number {
    const now = this.context.engine.settings.now();
    const known = firstSeen.get(request);
    if (known === undefined) firstSeen.set(request, now);
    return known ?? now;
  }

  /** Creates a handshake. Its request gets the members of Express (`ip`, `get()`) for options that use them. */
  #begin(request: IncomingMessage): Handshake {
    const { httpAdapter } = this.#host;
    const prototype: unknown =
      httpAdapter?.getType() === 'express'
        ? httpAdapter.getInstance<{ readonly request: object }>().request
        : Object.getPrototypeOf(request);
    const copy: unknown = Object.create(prototype as object, Object.getOwnPropertyDescriptors(request));
    return new Handshake(this.context, copy as IncomingMessage, this.#openedAt(request));
  }
}

/** When the handshakes of sockets were first seen. */
const firstSeen = new WeakMap<object, number>();

function withSession(client: object, handler: WsMessageHandler, context: ExchangeContext): WsMessageHandler {
  const callback = handler.callback as (...args: unknown[]) => Promise<unknown>;
  return {
    ...handler,
    callback: (...args: unknown[]): Promise<unknown> => {
      const handshake = handshakeOfClient(client, context);
      return handshake ? new SocketMessage(client, handshake).handle(callback, args) : callback(...args);
    },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isRequest(value: unknown): value is IncomingMessage {
  return isObject(value) && isObject((value as Partial<IncomingMessage>).headers);
}
