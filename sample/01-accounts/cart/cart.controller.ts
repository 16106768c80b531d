import { BadRequestException, Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { Flash, Session } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { cartPage } from './cart.page.js';
import { without, withOneMore } from './cart.js';
import { findProduct, type Product } from './catalog.js';

/** A shop and its cart, for everybody: a visitor gets a session with the first thing in it. */
@Controller('cart')
export class CartController {
  @Get()
  show(@Session() session: Session, @Flash('notice') notices: string[]): string {
    return cartPage(session, notices);
  }

  /** `update` reads and changes the cart atomically: of two clicks at the same time, both count. */
  @Post('add')
  @Redirect('/cart', 303)
  async add(@Session() session: Session, @Body() body: unknown): Promise<void> {
    const { sku, name } = productOf(body);
    session.flash('notice', `${name} is in your cart.`);
    await session.update((current) => {
      current.cart = withOneMore(current.cart ?? [], sku);
    });
  }

  @Post('remove')
  @Redirect('/cart', 303)
  async remove(@Session() session: Session, @Body() body: unknown): Promise<void> {
    const { sku, name } = productOf(body);
    session.flash('notice', `${name} is out of your cart.`);
    await session.update((current) => {
      current.cart = without(current.cart ?? [], sku);
    });
  }
}

function productOf(body: unknown): Product {
  const product = findProduct(fieldOf(body, 'sku'));
  if (product === undefined) throw new BadRequestException('There is no such product.');
  return product;
}
