import type { INestApplication } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a test says of the server, which each framework is told in words of its own. */
export interface ServerSettings {
  /** Which proxies are trusted: all, those at these addresses, or those that a function says, given how far away they are. */
  readonly trustProxy?: boolean | string | ((address: string, hop: number) => boolean);
  /** For a server that speaks TLS. */
  readonly https?: { readonly key: string; readonly cert: string };
}

/** What requests of both frameworks have. */
export interface AnyRequest {
  readonly headers: IncomingMessage['headers'];
  readonly ip?: string | undefined;
}

/** What responses of both frameworks have. */
export interface AnyResponse {
  readonly statusCode: number;
  status(code: number): this;
  header(name: string, value: string): this;
  send(body?: unknown): unknown;
  redirect(url: string): unknown;
}

/** The frameworks that Nest runs on, each loaded when it is used. */
export const ADAPTERS = {
  async express(
    module: TestingModule,
    { trustProxy = false, https }: ServerSettings = {},
  ): Promise<INestApplication> {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    const adapter = new ExpressAdapter();
    adapter.set('trust proxy', trustProxy);
    return module.createNestApplication(adapter, https && { httpsOptions: https });
  },
  async fastify(
    module: TestingModule,
    { trustProxy = false, https }: ServerSettings = {},
  ): Promise<INestApplication> {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return module.createNestApplication(new FastifyAdapter({ trustProxy, ...(https && { https }) }));
  },
};

export type AdapterName = keyof typeof ADAPTERS;

export const ADAPTER_NAMES = Object.keys(ADAPTERS) as AdapterName[];

/** Every framework, with sessions that are loaded before all else and when they are asked for. */
export const LOADINGS = ADAPTER_NAMES.flatMap((adapter) =>
  (['eager', 'lazy'] as const).map((load) => ({ adapter, load })),
);

/** The response as Node.js has it, for a handler that answers past its framework. */
export function takeOver(res: AnyResponse): ServerResponse {
  if (!('hijack' in res)) return res as unknown as ServerResponse;
  const reply = res as AnyResponse & { hijack(): void; readonly raw: ServerResponse };
  reply.hijack();
  return reply.raw;
}
