import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AccountsController } from './accounts.controller.js';
import { MembersController } from './members.controller.js';
import { PasswordController } from './password.controller.js';

@Module({
  imports: [UsersModule],
  controllers: [AccountsController, MembersController, PasswordController],
})
export class AccountsModule {}
