import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MemorySessionStore } from 'nest-session';
import { metrics } from '@opentelemetry/api';
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { readEnvironment } from '../01-accounts/environment.js';
import { findFreePort } from '../support/postgres/free-port.js';
import { AppModule } from './app.module.js';

// Before the application, which asks for a meter while it is created. Elsewhere it would be an exporter for OTLP.
const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const meterProvider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(meterProvider);

let app: INestApplication | undefined;
let stopping: Promise<void> | undefined;

try {
  const { host, port, ...environment } = readEnvironment(process.env);
  const secret = environment.secret ?? randomBytes(32).toString('base64url');
  app = await NestFactory.create(AppModule.forRoot({ secret, store: new MemorySessionStore() }), {
    abortOnError: false,
    logger: ['warn'],
  });
  app.enableCsrfProtection();
  await app.listen(port ?? (await findFreePort(3000, host)), host);
  process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop());
  console.log(`The sample listens on ${await app.getUrl()}`);
} catch (error) {
  console.error(`The sample cannot start: ${(error as Error).message || String(error)}`);
  await stop();
  process.exit(1);
}

/** First the application; then what it has counted is exported a last time. Once, however many signals come. */
function stop(): Promise<void> {
  return (stopping ??= Promise.resolve(app?.close()).then(() => meterProvider.shutdown()));
}
