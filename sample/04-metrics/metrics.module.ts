import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';
import { OpenTelemetryMetrics } from './open-telemetry-metrics.js';
import { PrometheusMetrics } from './prometheus-metrics.js';

/** An application needs only one of the two. */
@Module({
  controllers: [MetricsController],
  providers: [
    // A separate registry, because the global one refuses a second application, for example in tests.
    { provide: Registry, useFactory: () => new Registry() },
    PrometheusMetrics,
    OpenTelemetryMetrics,
  ],
})
export class MetricsModule {}
