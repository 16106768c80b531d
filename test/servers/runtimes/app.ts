import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  type INestApplication,
  Module,
  Post,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RequireLogin, Session, SessionGuard, SessionModule, type SessionModuleOptions } from 'nest-session';

type Counting = Session & { visits?: number };

@Controller()
class AccountController {
  @Post('login')
  @HttpCode(204)
  async login(@Session() session: Session, @Body() { name }: { name: string }): Promise<void> {
    await session.login(name);
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @Get('me')
  me(@Session() session: Counting): object {
    return { userId: session.userId, visits: session.visits ?? 0 };
  }

  @Post('visit')
  visit(@Session() session: Counting): Promise<unknown> {
    return session.update((data: { visits?: number }) => (data.visits = (data.visits ?? 0) + 1));
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Session() session: Session): Promise<void> {
    await session.logout();
  }
}

/** The application of every runtime, not yet listening. */
export async function createApp(
  adapter: string,
  store: NonNullable<SessionModuleOptions['store']>,
): Promise<INestApplication> {
  @Module({
    imports: [SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes', store })],
    controllers: [AccountController],
  })
  class AppModule {}
  const options = { logger: ['warn' as const, 'error' as const] };
  return adapter === 'Fastify'
    ? NestFactory.create(AppModule, new FastifyAdapter(), options)
    : NestFactory.create(AppModule, options);
}
