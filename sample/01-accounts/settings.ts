import { Global, Module, type DynamicModule } from '@nestjs/common';

/** What main.ts or a test passes to the application. */
export abstract class Settings {
  abstract readonly databaseUrl: string;
  /** Signs the session cookies. */
  abstract readonly secret: string;
  /** Whether the sample listens on HTTPS, so that browsers can bind sessions to their device. */
  abstract readonly https?: boolean;
}

/** Lets every module inject the {@link Settings}. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: SettingsModule,
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}
