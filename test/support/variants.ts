import type { SessionModuleOptions } from '../../lib/index.js';
import { BACKENDS, KINDS } from './site.js';

interface Variant {
  /** What share of the runs is enough. */
  readonly share: number;
  readonly options: Partial<SessionModuleOptions>;
}

/** Options under which sessions have to behave the same. */
const VARIANTS: Readonly<Record<'plain' | 'encrypted', Variant>> = {
  plain: { share: 1, options: {} },
  encrypted: { share: 0.25, options: { encryption: { keys: ['5a'.repeat(32)] } } },
};

/** Every store under every variant, for `describe.each`. */
export const PLACES = KINDS.flatMap((kind) =>
  (Object.keys(VARIANTS) as (keyof typeof VARIANTS)[]).map((variant) => ({
    place: `${kind}, ${variant}`,
    variant,
    ...VARIANTS[variant],
    open: BACKENDS[kind],
  })),
);
