import type { Session } from 'nest-session';
import { html, type Content } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { type CartLine, MOST_OF_ONE } from './cart.js';
import { CATALOG, findProduct, price, type Product } from './catalog.js';

/**
 * The shop and the cart. After a form was sent, the keyboard focus is where it was, at the element with the id `focus`, and
 * screen readers read the notice with it.
 */
export function cartPage(context: PageContext & { session: Session }, focus?: string): string {
  const { cart = [], userId } = context.session;
  const focusable = (id: string) =>
    html`id="${id}" ${id === focus && html`autofocus aria-describedby="notice"`}`;
  return renderPage(context, {
    title: 'Shop',
    path: '/cart',
    content: html`
      <h1>Shop</h1>
      <ul class="products">
        ${CATALOG.map((product) => productItem(product, focusable))}
      </ul>
      <h2 ${focusable('cart')} tabindex="-1">Your cart</h2>
      ${cart.length === 0 ? html`<p>Your cart is empty.</p>` : cartList(cart, focusable)}
      ${
        cart.length > 0 &&
        html`<p class="hint">
          ${userId === undefined ? 'Your cart stays with you when you sign in.' : 'Signing out empties your cart.'}
        </p>`
      }
    `,
  });
}

type Focusable = (id: string) => Content;

function productItem({ sku, name, description, cents }: Product, focusable: Focusable): Content {
  return html`<li>
    <div>
      <h2>${name}</h2>
      <p>${description}</p>
    </div>
    <form method="post" action="/cart/add">
      <input type="hidden" name="sku" value="${sku}" />
      <span class="price">${price(cents)}</span>
      <button ${focusable(`add-${sku}`)} aria-label="Add ${name} to the cart">Add</button>
    </form>
  </li>`;
}

function cartList(cart: readonly CartLine[], focusable: Focusable): Content {
  const lines = cart.flatMap(({ sku, quantity }) => {
    const product = findProduct(sku); // the catalogue may have changed
    return product === undefined ? [] : [{ ...product, quantity, sum: product.cents * quantity }];
  });
  const total = lines.reduce((sum, line) => sum + line.sum, 0);
  return html`
    <ul class="lines">
      ${lines.map(
        ({ sku, name, quantity, sum }) =>
          html`<li>
            <span class="name">${name}</span>
            <form method="post" action="/cart/quantity">
              <input type="hidden" name="sku" value="${sku}" />
              <input
                ${focusable(`quantity-${sku}`)}
                name="quantity"
                type="number"
                min="0"
                max="${MOST_OF_ONE}"
                required
                value="${quantity}"
                aria-label="Quantity of ${name}"
              />
              <button class="quiet" aria-label="Update the quantity of ${name}">Update</button>
            </form>
            <form method="post" action="/cart/quantity">
              <input type="hidden" name="sku" value="${sku}" />
              <input type="hidden" name="quantity" value="0" />
              <button class="quiet" aria-label="Remove ${name}">Remove</button>
            </form>
            <span class="price">${price(sum)}</span>
          </li>`,
      )}
    </ul>
    <p class="total">Total <span class="price">${price(total)}</span></p>
  `;
}
