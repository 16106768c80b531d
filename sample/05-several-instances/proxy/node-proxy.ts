import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Proxy } from './proxy.js';

/** Headers of one connection, which a proxy does not forward (RFC 9110, section 7.6.1). */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A small proxy, so that the sample needs only Node. Do not use it in production. */
export class NodeProxy implements Proxy {
  readonly name = 'the built-in proxy';
  url = '';
  readonly #server = createServer((req, res) => void this.#forward(req, res));
  /** The number of requests in flight to each instance. */
  readonly #underWay = new Map<string, number>();
  #instances: readonly string[] = [];
  #turn = 0;
  #notice: () => void = () => undefined;

  async listen(port: number, host: string, instances: readonly string[]): Promise<void> {
    this.#instances = instances;
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async route(instances: readonly string[]): Promise<void> {
    this.#instances = instances;
    while ([...this.#underWay.keys()].some((instance) => !instances.includes(instance)))
      await new Promise<void>((resolve) => (this.#notice = resolve));
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #forward(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const instance = this.#instances[this.#turn++ % this.#instances.length]!;
    this.#count(instance, 1);
    try {
      const onward = request(instance, {
        method: req.method,
        path: req.url,
        headers: this.#headersFor(req),
        agent: false,
      });
      // Both may fail at once. The first error counts.
      const [[answer]] = await Promise.all([
        once(onward, 'response') as Promise<[IncomingMessage]>,
        pipeline(req, onward),
      ]);
      res.writeHead(answer.statusCode!, answer.statusMessage, headersOf(answer));
      await pipeline(answer, res);
    } catch {
      if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    } finally {
      this.#count(instance, -1);
    }
  }

  /** Overwrites the forwarding headers of the visitor, because the instances trust them. */
  #headersFor(req: IncomingMessage): NodeJS.Dict<string | string[]> {
    const own = {
      'x-forwarded-for': req.socket.remoteAddress,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': req.headers.host,
    };
    const given = Object.entries(req.headers).filter(
      ([name]) => !OF_THE_CONNECTION.has(name) && name !== 'forwarded',
    );
    const isChunked = req.headers['transfer-encoding'] !== undefined;
    return { ...Object.fromEntries(given), ...(isChunked && { 'transfer-encoding': 'chunked' }), ...own };
  }

  #count(instance: string, change: 1 | -1): void {
    const count = (this.#underWay.get(instance) ?? 0) + change;
    if (count > 0) this.#underWay.set(instance, count);
    else this.#underWay.delete(instance);
    this.#notice();
  }
}

/** The headers as received: names and values in turn, including repeated names. */
function headersOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, index) => !OF_THE_CONNECTION.has(rawHeaders[index - (index % 2)]!.toLowerCase()),
  );
}
