import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { PagesController } from './pages.controller.js';

@Module({ controllers: [PagesController] })
export class PagesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(keepNoCopy).forRoutes('{*path}');
  }
}

/**
 * Every page shows who is signed in. No browser or proxy may keep a copy, so that the Back button shows nothing after
 * signing out (OWASP ASVS 5.0, 14.3.2). The stylesheet and the script set a header of their own.
 */
function keepNoCopy(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}
