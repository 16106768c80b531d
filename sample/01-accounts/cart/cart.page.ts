import type { Session } from 'nest-session';
import { html, type Content } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import type { CartLine } from './cart.js';
import { CATALOG, findProduct, price } from './catalog.js';

export function cartPage(session: Session, notices: readonly string[]): string {
  const cart = session.cart ?? [];
  return renderPage({
    title: 'Shop',
    path: '/cart',
    session,
    notices,
    content: html`
      <h1>Shop</h1>
      <ul class="products">
        ${CATALOG.map(
          ({ sku, name, description, cents }) =>
            html`<li>
              <div>
                <h2>${name}</h2>
                <p>${description}</p>
              </div>
              <form method="post" action="/cart/add">
                <input type="hidden" name="sku" value="${sku}" />
                <span class="price">${price(cents)}</span>
                <button aria-label="Add ${name} to the cart">Add</button>
              </form>
            </li>`,
        )}
      </ul>
      <h2 id="cart">Your cart</h2>
      ${cart.length === 0 ? html`<p>Nothing in it yet.</p>` : cartTable(cart)}
      ${
        cart.length > 0 &&
        html`<p class="hint">
          ${session.userId === undefined ? 'It stays with you when you sign in.' : 'Signing out empties it.'}
        </p>`
      }
    `,
  });
}

function cartTable(cart: readonly CartLine[]): Content {
  const lines = cart.flatMap(({ sku, quantity }) => {
    const product = findProduct(sku); // it may have left the catalogue since
    return product === undefined ? [] : [{ ...product, quantity, sum: product.cents * quantity }];
  });
  const total = lines.reduce((sum, line) => sum + line.sum, 0);
  return html`<table aria-labelledby="cart">
    <thead>
      <tr>
        <th scope="col">Thing</th>
        <th scope="col" class="number">Count</th>
        <th scope="col" class="number">Price</th>
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${lines.map(
        ({ sku, name, quantity, sum }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="number">${quantity}</td>
            <td class="number">${price(sum)}</td>
            <td class="number">
              <form method="post" action="/cart/remove">
                <input type="hidden" name="sku" value="${sku}" />
                <button class="quiet" aria-label="Remove ${name}">Remove</button>
              </form>
            </td>
          </tr>`,
      )}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row" colspan="2">Total</th>
        <td class="number">${price(total)}</td>
        <td></td>
      </tr>
    </tfoot>
  </table>`;
}
