/** The process of one variant: a Nest application, driven over the channel of its parent. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import 'reflect-metadata';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { SessionService } from 'nest-session';
import { type Variant, variantNamed } from '../variants.js';
import { CONTROLLERS } from './controllers.js';
import type { AppCommand, AppReply, AppStart, Vitals } from './messages.js';
import type { Setup, SetUp } from './setup.js';

class BenchmarkModule {}

const OPTIONS: NestApplicationOptions = { logger: ['warn', 'error'], abortOnError: false };

async function create(variant: Variant, { imports = [], prepare }: Setup): Promise<INestApplication> {
  const root = { module: BenchmarkModule, imports, controllers: [CONTROLLERS[variant.kind]] };
  const adapter = variant.adapter === 'fastify' ? await fastifyAdapter() : await expressAdapter(variant);
  const app = await NestFactory.create<INestApplication>(root, adapter, OPTIONS);
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function expressAdapter({ onSampleAdapter }: Variant): Promise<AbstractHttpAdapter> {
  if (onSampleAdapter) {
    const { EarlyExpressAdapter } = await import('../../../sample/06-express-adapter/express.adapter.js');
    return new EarlyExpressAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

async function fastifyAdapter(): Promise<AbstractHttpAdapter> {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

async function run({ variant: name, ...surroundings }: AppStart): Promise<void> {
  const variant = variantNamed(name);
  const { default: setUp } = (await import(`./stores/${variant.setup}.js`)) as { default: SetUp };
  const setup = await setUp({ ...surroundings, options: variant.options ?? {} });
  const app = await create(variant, setup);

  const stop = async (): Promise<void> => {
    await app.close();
    await setup.close?.();
    process.disconnect();
  };

  const execute = async ({ id, command }: AppCommand): Promise<void> => {
    switch (command) {
      case 'cpu': {
        const { user, system } = process.cpuUsage();
        return reply({ type: 'answer', id, value: user + system });
      }
      case 'vitals':
        return reply({ type: 'answer', id, value: vitals() });
      case 'prune':
        await (setup.prune?.() ?? app.get(SessionService).prune());
        return reply({ type: 'answer', id, value: 0 });
      case 'stop':
        return stop();
    }
  };

  process.on('message', (message: AppCommand) => {
    execute(message).catch(fail);
  });
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  reply({ type: 'listening', port, version: process.version });
}

function vitals(): Vitals {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed: heap, rss: resident } = process.memoryUsage();
  return { heap, resident, handles: process.getActiveResourcesInfo().length };
}

function reply(message: AppReply): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  reply({ type: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}

process.on('disconnect', () => setTimeout(() => process.exit(), 2000).unref());
process.once('message', (start: AppStart) => {
  run(start).catch(fail);
});
