import type { Figure } from '../measure/statistics.js';
import type { RouteResult } from '../scenarios/routes.js';
import { type Variant, variantNamed } from '../variants.js';

/**
 * What each variant of this package costs of what a peer costs that keeps sessions in the same place, on the same
 * adapter, route and Node.js; and of what the same variant of another checkout costs, where one was measured.
 */
export function verdicts(results: readonly RouteResult[]): string[] {
  return results.flatMap((own) => {
    if (kindOf(own.variant) !== 'nest-session') return [];
    return results
      .filter(({ node, route }) => node === own.node && route === own.route)
      .filter(({ variant }) => variant === `${own.variant}@before` || isPeerOf(variant, own.variant))
      .map((other) => verdict(own, other));
  });
}

function verdict(own: RouteResult, other: RouteResult): string {
  const ratio = (own.session.median / other.session.median).toFixed(2);
  const place = `${own.route}, Node.js ${own.node}`;
  return `${wordFor(own.session, other.session)} ${place}: ${own.title} costs ${ratio} of ${other.title}`;
}

/** Padded to one width. Where the quartiles of both overlap, neither is cheaper. */
function wordFor(own: Figure, other: Figure): string {
  if (own.high < other.low) return 'less';
  return own.low > other.high ? 'MORE' : 'same';
}

function kindOf(variant: string): Variant['kind'] | undefined {
  return variant.endsWith('@before') ? undefined : variantNamed(variant).kind;
}

function isPeerOf(variant: string, ownVariant: string): boolean {
  const kind = kindOf(variant);
  if (kind !== 'express-session' && kind !== '@fastify/session') return false;
  const [peer, own] = [variantNamed(variant), variantNamed(ownVariant)];
  return (
    peer.adapter === own.adapter && peer.server === own.server && peer.onSampleAdapter === own.onSampleAdapter
  );
}
