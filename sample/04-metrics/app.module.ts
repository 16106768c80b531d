import { Module, type DynamicModule } from '@nestjs/common';
import { SessionModule, type SessionStore } from 'nest-session';
import { MetricsModule } from './metrics.module.js';
import { VisitsController } from './visits.controller.js';

@Module({})
export class AppModule {
  static forRoot(settings: { secret: string; store: SessionStore }): DynamicModule {
    return {
      module: AppModule,
      imports: [SessionModule.forRoot({ ...settings, idleTimeout: '1m' }), MetricsModule],
      controllers: [VisitsController],
    };
  }
}
