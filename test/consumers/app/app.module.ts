import { Module } from '@nestjs/common';
import { SessionModule } from 'nest-session';
import { AccountController } from './account.controller.js';
import { databases, options } from './settings.js';

@Module({
  imports: [...databases, SessionModule.forRootAsync({ useFactory: () => options })],
  controllers: [AccountController],
})
export class AppModule {}
