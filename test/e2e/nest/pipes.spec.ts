import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentMetadata,
  BadRequestException,
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  Injectable,
  type INestApplication,
  ParseIntPipe,
  type PipeTransform,
  Post,
  type Type,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { plainToInstance } from 'class-transformer';
import { IsInt, Min, validate } from 'class-validator';
import {
  CsrfToken,
  Flash,
  RequireLogin,
  Session,
  SessionGuard,
  SessionId,
  SessionModule,
} from '../../../lib/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

class Item {
  @IsInt()
  @Min(1)
  amount!: number;
}

/** The pipe of https://docs.nestjs.com/pipes#class-validator. */
@Injectable()
class DocumentedPipe implements PipeTransform<object> {
  async transform(value: object, { metatype }: ArgumentMetadata): Promise<object> {
    if (!metatype || !this.toValidate(metatype)) return value;
    const object = plainToInstance(metatype as Type<object>, value);
    if ((await validate(object)).length > 0) throw new BadRequestException('Validation failed');
    return value;
  }

  private toValidate(metatype: unknown): boolean {
    return ![String, Boolean, Number, Array, Object].includes(metatype as never);
  }
}

class Upper implements PipeTransform<string | undefined> {
  transform(value: string | undefined): string | undefined {
    return value?.toUpperCase();
  }
}

const isSession: PipeTransform = {
  transform: (session: Session) => {
    if (typeof session.login !== 'function') throw new Error('It is a copy.');
    return session;
  },
};

/** A decorator of the application's own, made of the package's. */
const Mine = (): ParameterDecorator => Session(isSession);

@Controller()
class CartController {
  @Post('cart')
  add(@Session() session: Session, @Body() item: Item): void {
    Object.assign(session, { userId: 'ada', color: 'blue', count: '3', item });
    session.flash('notice', 'added');
  }

  @Post('login')
  async login(@Session() session: Session): Promise<void> {
    await session.login('ada');
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @Get('cart')
  read(
    @SessionId() id: string,
    @Session('count', ParseIntPipe) count: number,
    @Session('size', new DefaultValuePipe(7)) size: number,
    @Session('color', Upper) color: string,
    @Session('item') item: Item,
    @Mine() mine: Session,
    @Flash('notice') notices: string[],
    @CsrfToken() token: string,
  ): unknown {
    const facts = { id: typeof id, token: typeof token, handle: typeof mine.handle };
    return { ...facts, count, size, color, item, notices };
  }
}

const PIPES: Record<string, () => PipeTransform> = {
  'ValidationPipe that validates and transforms what custom decorators inject': () =>
    new ValidationPipe({ validateCustomDecorators: true, transform: true }),
  'ValidationPipe with whitelist': () =>
    new ValidationPipe({
      validateCustomDecorators: true,
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
    }),
  'ValidationPipe as it comes': () => new ValidationPipe(),
  'the pipe of Nest’s documentation': () => new DocumentedPipe(),
};

describe.each(ADAPTER_NAMES)('global pipes (%s)', (adapter) => {
  let app: INestApplication;
  afterEach(() => app.close());

  it.each(Object.keys(PIPES))('%s: the session comes through as it is', async (name) => {
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET })],
      controllers: [CartController],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    app.useGlobalPipes(PIPES[name]!());
    const client = new Client(await listen(app));

    expect((await client.post('/cart', { amount: 0 })).status).toBe(400);
    expect((await client.post('/login')).status).toBe(201);
    expect((await client.post('/cart', { amount: 2 })).status).toBe(201);
    expect((await client.get('/cart')).body).toEqual({
      id: 'string',
      token: 'string',
      handle: 'string',
      count: 3,
      size: 7,
      color: 'BLUE',
      item: { amount: 2 },
      notices: ['added'],
    });
  });
});
