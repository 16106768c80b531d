/** What the session keeps of a cart: no prices, those are the catalogue's. */
export interface CartLine {
  sku: string;
  quantity: number;
}

type Cart = readonly CartLine[];

const MOST_OF_ONE = 99;

export function withOneMore(cart: Cart, sku: string): CartLine[] {
  if (!cart.some((line) => line.sku === sku)) return [...cart, { sku, quantity: 1 }];
  return cart.map((line) =>
    line.sku === sku ? { sku, quantity: Math.min(line.quantity + 1, MOST_OF_ONE) } : line,
  );
}

export function without(cart: Cart, sku: string): CartLine[] {
  return cart.filter((line) => line.sku !== sku);
}

export function countOf(cart: Cart): number {
  return cart.reduce((sum, { quantity }) => sum + quantity, 0);
}
