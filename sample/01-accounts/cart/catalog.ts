export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly cents: number;
}

export const CATALOG: readonly Product[] = [
  { sku: 'notebook', name: 'Field notebook', description: 'Dotted, 48 pages, fits in a pocket', cents: 650 },
  { sku: 'pencil', name: 'Carpenter’s pencil', description: 'Does not roll off the bench', cents: 180 },
  { sku: 'ink', name: 'Oak gall ink', description: '30 ml, darkens as it dries', cents: 1240 },
  { sku: 'blotter', name: 'Rocker blotter', description: 'Beech, with ten sheets', cents: 1900 },
];

export function findProduct(sku: string): Product | undefined {
  return CATALOG.find((product) => product.sku === sku);
}

const EUROS = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

export function price(cents: number): string {
  return EUROS.format(cents / 100);
}
