import type { Figure } from '../measure/statistics.js';
import type { RouteResult } from '../scenarios/routes.js';
import { type Variant, variantNamed } from '../variants.js';

/**
 * Who won, route by route: each variant of this package against every peer on the same adapter that keeps sessions in
 * the same place (a variant with options of its own only where no session is needed: that is what `lazy` is for).
 * Where the rounds of both overlap, nobody did.
 */
export function verdicts(results: readonly RouteResult[]): string[] {
  return results.flatMap((own) => {
    const variant = variantOf(own);
    if (variant?.kind !== 'nest-session' || (variant.options && own.route !== 'none')) return [];
    return results
      .filter((peer) => peer.route === own.route && isPeerOf(variantOf(peer), variant))
      .map((peer) => verdict(own, peer));
  });
}

function verdict(own: RouteResult, peer: RouteResult): string {
  const times = own.share.median / peer.share.median;
  const p99 = own.p99 && peer.p99 ? `, p99 ${compared(own.p99)} against ${compared(peer.p99)}` : '';
  return `${wordFor(own.share, peer.share)} ${own.route}: ${own.title} is ${times.toFixed(2)} × ${peer.title}${p99}`;
}

/** Padded to one width. */
function wordFor(own: Figure, peer: Figure): string {
  if (own.min > peer.max) return 'won ';
  return own.max < peer.min ? 'LOST' : 'even';
}

function compared({ median }: Figure): string {
  return `${median.toFixed(1)} ms`;
}

function isPeerOf(peer: Variant | undefined, own: Variant): boolean {
  if (peer === undefined || peer.kind === 'plain' || peer.kind === 'nest-session') return false;
  if (peer.onSampleAdapter !== own.onSampleAdapter) return false;
  return peer.adapter === own.adapter && peer.server === own.server;
}

/** Undefined for a variant of another checkout. */
function variantOf({ variant }: RouteResult): Variant | undefined {
  return variant.includes('@') ? undefined : variantNamed(variant);
}
