import { BadRequestException, Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { Flash, Session } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { cartPage } from './cart.page.js';
import { MOST_OF_ONE, withOneMore, withQuantity } from './cart.js';
import { findProduct, type Product } from './catalog.js';

/** A shop and its cart, open to everyone. A visitor gets a session with the first product in the cart. */
@Controller('cart')
export class CartController {
  @Get()
  show(
    @Session() session: Session,
    @Flash('notice') notices: string[],
    @Flash('focus') focus: string[],
  ): string {
    return cartPage({ session, notices }, focus.at(-1));
  }

  /**
   * `update()` reads and changes the cart in one step, so that two clicks at the same time both count. It stores the flash
   * values with the cart.
   */
  @Post('add')
  @Redirect('/cart', 303)
  async add(@Session() session: Session, @Body() body: unknown): Promise<void> {
    const { sku, name } = productOf(body);
    session.flash('notice', `${name} is in your cart.`);
    session.flash('focus', `add-${sku}`);
    await session.update((current) => {
      current.cart = withOneMore(current.cart ?? [], sku);
    });
  }

  @Post('quantity')
  @Redirect('/cart', 303)
  async change(@Session() session: Session, @Body() body: unknown): Promise<void> {
    const { sku, name } = productOf(body);
    const quantity = quantityOf(body);
    session.flash(
      'notice',
      quantity === 0 ? `${name} is no longer in your cart.` : `${name}: ${quantity} in your cart.`,
    );
    session.flash('focus', quantity === 0 ? 'cart' : `quantity-${sku}`);
    await session.update((current) => {
      current.cart = withQuantity(current.cart ?? [], sku, quantity);
    });
  }
}

function productOf(body: unknown): Product {
  const product = findProduct(fieldOf(body, 'sku'));
  if (product === undefined) throw new BadRequestException('There is no such product.');
  return product;
}

function quantityOf(body: unknown): number {
  const text = fieldOf(body, 'quantity');
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new BadRequestException(`A quantity is a whole number from 0 to ${MOST_OF_ONE}.`);
}
