import type { SessionKind } from './app/controllers.js';
import type { Route } from './load/traffic.js';

/** One way to have sessions, run in a process of its own. */
export interface Variant {
  /** What `--only` calls it. */
  readonly name: string;
  /** What the table calls it. */
  readonly title: string;
  readonly kind: SessionKind;
  readonly adapter: 'express' | 'fastify';
  /** The server it keeps sessions in, if any. */
  readonly server?: 'postgres' | 'redis';
  /** A file of `app/stores/`, which sets the sessions up. */
  readonly setup: string;
  /** What the setup is told. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The routes that it is for, where it is not for those that are asked for. */
  readonly routes?: readonly Route[];
  /** Whether Express runs on the adapter of `sample/06-express-adapter`, and not on that of Nest. */
  readonly onSampleAdapter?: true;
  /** Another checkout of this package that it runs from, with the name it has there. */
  readonly from?: { readonly checkout: string; readonly name: string };
}

/** All that is compared, in the order of the table, with the first variant of the same adapter. */
export const VARIANTS: readonly Variant[] = [
  { name: 'none', title: 'no session', kind: 'plain', adapter: 'express', setup: 'none' },
  expressSession('express-memory', 'memory', 'express-memory'),
  expressSession('pg-simple', 'connect-pg-simple', 'pg-simple', 'postgres'),
  expressSession('pg-simple-no-touch', 'connect-pg-simple, touch off', 'pg-simple', 'postgres', {
    disableTouch: true,
  }),
  expressSession('connect-typeorm', 'connect-typeorm', 'connect-typeorm', 'postgres'),
  expressSession('connect-redis', 'connect-redis', 'connect-redis', 'redis'),
  handWritten('least-memory', 'a hand-written least, memory'),
  handWritten('least-postgres', 'a hand-written least, PostgreSQL', 'postgres'),
  own('memory', 'memory', 'own-memory'),
  own('postgres', 'TypeORM, PostgreSQL', 'own-postgres', 'postgres'),
  {
    ...own('postgres-lazy', 'TypeORM, PostgreSQL, lazy', 'own-postgres', 'postgres', { load: 'lazy' }),
    routes: ['none'],
  },
  own('redis', 'Redis', 'own-redis', 'redis'),
  { name: 'fastify-none', title: 'Fastify: no session', kind: 'plain', adapter: 'fastify', setup: 'none' },
  {
    name: 'fastify-session',
    title: 'Fastify: @fastify/session, memory',
    kind: '@fastify/session',
    adapter: 'fastify',
    setup: 'fastify-session',
  },
  {
    name: 'fastify-session-pg-simple',
    title: 'Fastify: @fastify/session, connect-pg-simple',
    kind: '@fastify/session',
    adapter: 'fastify',
    server: 'postgres',
    setup: 'fastify-session',
  },
  onFastify('fastify-memory', 'memory', 'own-memory'),
  onFastify('fastify-postgres', 'TypeORM, PostgreSQL', 'own-postgres', 'postgres'),
];

/** Every variant of Express, peers as well, on the adapter of the sample. */
export const ON_SAMPLE_ADAPTER: readonly Variant[] = VARIANTS.filter(
  ({ adapter }) => adapter === 'express',
).map((one) => ({
  ...one,
  name: `${one.name}+adapter`,
  title: `${one.title} (sample adapter)`,
  onSampleAdapter: true,
}));

/** Each variant of Express followed by the same on the adapter of the sample. */
export function withSampleAdapter(variants: readonly Variant[]): Variant[] {
  return variants.flatMap((variant) => [
    variant,
    ...ON_SAMPLE_ADAPTER.filter(({ name }) => name === `${variant.name}+adapter`),
  ]);
}

/** What a lone request is compared with: no session, but one SELECT by primary key. */
export const PLAIN_SELECT: Variant = {
  name: 'plain-select',
  title: 'one plain SELECT by primary key',
  kind: 'plain-select',
  adapter: 'express',
  server: 'postgres',
  setup: 'plain-select',
};

/** Lives short enough for half an hour to see many sessions begin, get new ids and end. */
const SHORT_LIVED = { idleTimeout: '1m', rotateInterval: '20s', rotationGrace: '5s' };

/** What a soak runs, side by side. */
export const SOAK: readonly Variant[] = [
  { name: 'soak-memory', title: 'memory', setup: 'own-memory', options: SHORT_LIVED },
  {
    name: 'soak-postgres',
    title: 'TypeORM, PostgreSQL',
    server: 'postgres' as const,
    setup: 'own-postgres',
    options: { ...SHORT_LIVED, pruneInterval: 60_000 },
  },
  { name: 'soak-redis', title: 'Redis', server: 'redis' as const, setup: 'own-redis', options: SHORT_LIVED },
].map((one) => ({ ...one, kind: 'soak', adapter: 'express' }));

/** @throws Error when there is no such variant. */
export function variantNamed(name: string): Variant {
  const variant = [...VARIANTS, ...ON_SAMPLE_ADAPTER, PLAIN_SELECT, ...SOAK].find((one) => one.name === name);
  if (variant === undefined) throw new Error(`There is no variant "${name}".`);
  return variant;
}

/** The variant without sessions that another one is measured against. */
export function baselineOf({ adapter, onSampleAdapter }: Variant): Variant {
  const all = onSampleAdapter ? ON_SAMPLE_ADAPTER : VARIANTS;
  return all.find((variant) => variant.adapter === adapter && variant.kind === 'plain')!;
}

/** Each variant of this package followed by the same of another checkout. */
export function withBefore(variants: readonly Variant[], checkout: string): Variant[] {
  return variants.flatMap((one) => {
    const { name, title, kind } = one;
    const before = { ...one, name: `${name}@before`, title: `${title} (before)`, from: { checkout, name } };
    return kind === 'nest-session' ? [before, one] : [one];
  });
}

type Details = [setup: string, server?: Variant['server'], options?: Readonly<Record<string, unknown>>];

function expressSession(name: string, store: string, ...details: Details): Variant {
  return variant(name, `express-session, ${store}`, 'express-session', 'express', details);
}

function handWritten(name: string, title: string, server?: 'postgres'): Variant {
  return variant(name, title, 'least', 'express', [name, server]);
}

function own(name: string, store: string, ...details: Details): Variant {
  return variant(name, `nest-session, ${store}`, 'nest-session', 'express', details);
}

function onFastify(name: string, store: string, ...details: Details): Variant {
  return variant(name, `Fastify: nest-session, ${store}`, 'nest-session', 'fastify', details);
}

function variant(
  name: string,
  title: string,
  kind: SessionKind,
  adapter: Variant['adapter'],
  [setup, server, options]: Details,
): Variant {
  return { name, title, kind, adapter, setup, ...(server && { server }), ...(options && { options }) };
}
