import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isHttp2 } from './node-response.js';

/** The functions that close a connection. */
type Functions = Record<'end' | 'destroy', (this: Socket, ...args: unknown[]) => Socket>;

/**
 * Has the connection of a response that was ended, and is held, stay open until the answer has left. Whoever closes it
 * now takes the answer for sent: so does Express, which closes it for an error after the answer.
 *
 * @returns What gives the connection its own functions back.
 */
export function holdSocket(res: ServerResponse): (() => void) | undefined {
  const { socket } = res;
  // A pipelined response has none before its turn, and that of HTTP/2 is not its own.
  if (!socket || isHttp2(res)) return undefined;
  const functions = socket as unknown as Functions;
  const { end, destroy } = functions;
  let closing: (() => unknown) | undefined;
  /** Not where the response itself is destroyed, or the client is gone. */
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
