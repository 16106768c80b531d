/** What the session keeps of a cart. Prices are not in it: they belong to the catalogue. */
export interface CartLine {
  sku: string;
  quantity: number;
}

type Cart = readonly CartLine[];

export const MOST_OF_ONE = 99;

export function withOneMore(cart: Cart, sku: string): CartLine[] {
  const quantity = cart.find((line) => line.sku === sku)?.quantity ?? 0;
  return withQuantity(cart, sku, Math.min(quantity + 1, MOST_OF_ONE));
}

/** The cart with this quantity of a product. None removes its line. */
export function withQuantity(cart: Cart, sku: string, quantity: number): CartLine[] {
  if (quantity === 0) return cart.filter((line) => line.sku !== sku);
  if (!cart.some((line) => line.sku === sku)) return [...cart, { sku, quantity }];
  return cart.map((line) => (line.sku === sku ? { sku, quantity } : line));
}

export function countOf(cart: Cart): number {
  return cart.reduce((sum, { quantity }) => sum + quantity, 0);
}
