import { Controller, Get, Header } from '@nestjs/common';
import { prometheusContentType, Registry } from 'prom-client';

/** What Prometheus comes for. It says how busy the application is: not for the world outside. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly registry: Registry) {}

  @Get()
  @Header('Content-Type', prometheusContentType)
  @Header('Cache-Control', 'no-store')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
