import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';
import { OpenTelemetryMetrics } from './open-telemetry-metrics.js';
import { PrometheusMetrics } from './prometheus-metrics.js';

/** An application needs one of the two. */
@Module({
  controllers: [MetricsController],
  providers: [
    // A registry of the application's own: the global one refuses a second application, in tests for example.
    { provide: Registry, useFactory: () => new Registry() },
    PrometheusMetrics,
    OpenTelemetryMetrics,
  ],
})
export class MetricsModule {}
