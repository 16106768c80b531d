import { Global, Module, type DynamicModule } from '@nestjs/common';

/** What main.ts or a test passes to the application. */
export abstract class Settings {
  abstract readonly databaseUrl: string;
  /** Signs the session cookies. */
  abstract readonly secret: string;
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
