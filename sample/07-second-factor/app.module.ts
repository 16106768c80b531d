import { type DynamicModule, Module } from '@nestjs/common';
import { SessionModule } from 'nest-session';
import { AccountController } from './account.controller.js';
import { Accounts } from './accounts.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SecondFactor } from './second-factor.js';
import './session-data.js';

@Module({})
export class AppModule {
  static forRoot(secret: string): DynamicModule {
    return {
      module: AppModule,
      imports: [SessionModule.forRoot({ secret })],
      controllers: [AccountController, SecondFactorController],
      providers: [Accounts, SecondFactor],
    };
  }
}
