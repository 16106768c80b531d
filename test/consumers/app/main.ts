import 'reflect-metadata';
import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type express from 'express';
import { AppModule } from './app.module.js';
import './session-data.js';

const options = { logger: ['warn', 'error'] as LogLevel[] };

const ADAPTERS: Record<string, () => Promise<INestApplication>> = {
  Express: () => NestFactory.create(AppModule, options),
  // Nest looks for its body parsers in `app.router`, which Express 4 forbids.
  'Express 4': async () => {
    const { default: express4 } = (await import('express4')) as { default: typeof express };
    const adapter = new ExpressAdapter(express4());
    return (await NestFactory.create(AppModule, adapter, { ...options, bodyParser: false })).use(
      express4.json(),
    );
  },
  Fastify: () => NestFactory.create(AppModule, new FastifyAdapter(), options),
};

/** Serves until it is told to stop, at the address that it prints. */
async function main(adapter = 'Express') {
  const app = await ADAPTERS[adapter]!();
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(JSON.stringify({ url: await app.getUrl() }));
}

void main(process.env.ADAPTER);
