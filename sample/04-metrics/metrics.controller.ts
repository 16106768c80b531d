import { Controller, Get, Header } from '@nestjs/common';
import { prometheusContentType, Registry } from 'prom-client';

/** The page that Prometheus scrapes. It shows how busy the application is, so do not make it public. */
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
