import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AccountsController } from './accounts.controller.js';
import { MembersController } from './members.controller.js';

@Module({ imports: [UsersModule], controllers: [AccountsController, MembersController] })
export class AccountsModule {}
