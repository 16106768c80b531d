import 'reflect-metadata';
import { Module, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccountController } from './account.controller.js';
import { OrderController } from './order.controller.js';
import './session-data.js';
import { RecipeModule } from './tool.js';

@Module({ imports: [RecipeModule], controllers: [AccountController, OrderController] })
class AppModule {}

/** Serves until it is told to stop, at the address that it prints. */
async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] as LogLevel[] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(JSON.stringify({ url: await app.getUrl() }));
}

void main();
