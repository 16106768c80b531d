import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { MemorySessionStore } from 'nest-session';
import { metrics } from '@opentelemetry/api';
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { runSample } from '../support/run-sample.js';
import { AppModule } from './app.module.js';

// Registered before the application, which requests a meter when it is created. In production, use an exporter for
// OTLP.
const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const meterProvider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(meterProvider);

await runSample({
  // Beside the sources: this file runs from `dist/04-metrics`.
  data: fileURLToPath(new URL('../../.data', import.meta.url)),
  async create({ secret, options }) {
    const store = new MemorySessionStore();
    const app = await NestFactory.create(AppModule.forRoot({ secret, store }), options);
    app.enableCsrfProtection();
    return app;
  },
  // Exports the counters a last time.
  stopped: () => meterProvider.shutdown(),
});
