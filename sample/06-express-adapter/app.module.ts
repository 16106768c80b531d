import { Controller, type DynamicModule, Get, Module, Post } from '@nestjs/common';
import { Session, SessionModule } from 'nest-session';

declare module 'nest-session' {
  interface SessionData {
    visits?: number;
  }
}

@Controller()
class VisitsController {
  @Get()
  show(@Session('visits') visits = 0): { visits: number } {
    return { visits };
  }

  @Post('visits')
  visit(@Session() session: Session): { visits: number } {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}

@Module({})
export class AppModule {
  static forRoot(secret: string): DynamicModule {
    return {
      module: AppModule,
      imports: [SessionModule.forRoot({ secret })],
      controllers: [VisitsController],
    };
  }
}
