import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A reverse proxy in front of a server. */
export interface HttpProxy {
  readonly base: string;
  close(): Promise<void>;
}

/** What a proxy is like. */
export interface ProxySettings {
  /** Where what it is asked for comes from: what it says of whoever asks. */
  readonly client: string;
  /** For one that speaks TLS with whoever asks. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/**
 * Starts a proxy that tells the server at `target` in the `X-Forwarded-*` headers who has asked, and how: it adds to what
 * the request says of earlier addresses, and keeps what an earlier proxy says of protocol and host.
 */
export async function startHttpProxy(target: string, { client, tls }: ProxySettings): Promise<HttpProxy> {
  const forward = (req: IncomingMessage, res: ServerResponse): void => {
    const { headers } = req;
    const addresses = headers['x-forwarded-for'];
    const onward = request(target + req.url!, {
      method: req.method!,
      headers: {
        ...headers,
        'x-forwarded-for': addresses === undefined ? client : `${String(addresses)}, ${client}`,
        'x-forwarded-proto': tls ? 'https' : (headers['x-forwarded-proto'] ?? 'http'),
        'x-forwarded-host': headers['x-forwarded-host'] ?? headers.host!,
      },
    });
    onward.on('response', (answer) => {
      res.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  };
  const server = tls ? createTlsServer(tls, forward) : createServer(forward);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    base: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
