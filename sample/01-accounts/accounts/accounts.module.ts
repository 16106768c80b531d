import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { PasswordController } from './password.controller.js';
import { SignInController } from './sign-in.controller.js';

@Module({
  imports: [UsersModule],
  controllers: [AccountController, PasswordController, SignInController],
})
export class AccountsModule {}
