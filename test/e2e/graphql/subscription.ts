import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Message {
  readonly type: string;
  readonly payload?: unknown;
}

/** What a subscription brings until it is over, or its errors: the protocol of graphql-ws, as a browser speaks it. */
export async function subscribeTo(
  base: string,
  headers: Readonly<Record<string, string>>,
  query: string,
): Promise<unknown[]> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  await once(socket, 'open');
  const brought: unknown[] = [];
  const over = new Promise<void>((resolve) => {
    socket.on('message', (text: Buffer) => {
      const { type, payload } = JSON.parse(text.toString()) as Message;
      if (type === 'connection_ack')
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      if (type === 'next') brought.push(payload);
      if (type === 'error') brought.push({ errors: payload });
      if (type === 'complete' || type === 'error') resolve();
    });
    socket.on('close', () => resolve());
  });
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await over;
  socket.close();
  return brought;
}
