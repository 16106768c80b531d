import { Controller, Post } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Session } from 'nest-session';
import { countItems, inTransaction } from './tool.js';

const UNDONE = new Error('undone');

@Controller()
export class OrderController {
  constructor(private readonly modules: ModuleRef) {}

  /** Writes to the session inside a transaction of the application, which is then rolled back. */
  @Post('order')
  async order(@Session() session: Session) {
    let inside = 0;
    const failed = inTransaction(this.modules, async (count) => {
      session.visits = 100;
      await session.save();
      inside = await count();
      throw UNDONE;
    });
    await failed.catch((error: unknown) => {
      if (error !== UNDONE) throw error;
    });
    return { inside, after: await countItems(this.modules) };
  }
}
