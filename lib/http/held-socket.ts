import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isHttp2 } from './node-response.js';

/** The functions that close a connection. */
type Functions = Record<'end' | 'destroy', (this: Socket, ...args: unknown[]) => Socket>;

/**
 * Keeps the connection of a held response open until the answer is sent. Express, for example, closes it for an error after
 * the answer.
 *
 * @returns Restores the functions of the connection.
 */
export function holdSocket(res: ServerResponse): (() => void) | undefined {
  const { socket } = res;
  // A pipelined response has no socket before its turn, and a response of HTTP/2 shares it.
  if (!socket || isHttp2(res)) return undefined;
  const functions = socket as unknown as Functions;
  const { end, destroy } = functions;
  let closing: (() => unknown) | undefined;
  /** Not if the response is destroyed, or the client has disconnected. */
  const waits = (): boolean => !res.destroyed && !socket.readableEnded;
  const own: Functions = {
    end(...args) {
      if (!waits()) return end.apply(socket, args);
      closing ??= () => end.apply(socket, args);
      return socket;
    },
    destroy(...args) {
      if (args[0] || !waits()) return destroy.apply(socket, args);
      closing = () => destroy.apply(socket, args);
      return socket;
    },
  };
  Object.assign(functions, own);
  return () => {
    if (functions.end === own.end) functions.end = end;
    if (functions.destroy === own.destroy) functions.destroy = destroy;
    if (closing !== undefined) res.once('finish', closing);
  };
}
