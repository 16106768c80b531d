import fc from 'fast-check';
import { IDLE, type Op, TOUCH } from './model.js';

export const CLIENTS = 2;
export const INSTANCES = 2;
export const USERS = ['ann', 'bob'];

/** A request: a client's, with the cookie it has then, to one of the instances. */
export interface Visit {
  readonly client: number;
  readonly instance: number;
  readonly op: Op;
}

/** What happens, one thing after the other; what stands in one `burst` happens at the same time. */
export type Command =
  | ({ readonly do: 'visit' | 'begin' } & Visit)
  | { readonly do: 'finish'; readonly which: number; readonly atOnce: number }
  | { readonly do: 'burst'; readonly visits: readonly Visit[]; readonly finish: number }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'copy'; readonly from: number; readonly to: number }
  | { readonly do: 'old'; readonly client: number; readonly which: number }
  | { readonly do: 'prune' | 'count'; readonly instance: number }
  | { readonly do: 'list' | 'revoke'; readonly instance: number; readonly user: string };

const weighted = <T>(...choices: [number, fc.Arbitrary<T>][]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Mostly the same one: what two requests do to one session is what there is to see. */
const client = weighted([3, fc.constant(0)], [1, fc.nat(CLIENTS - 1)]);
const instance = fc.nat(INSTANCES - 1);
const user = fc.constantFrom(...USERS);
const key = fc.constantFrom('a', 'count');
const value = fc.nat(99);
const which = fc.nat(7);

const op: fc.Arbitrary<Op> = weighted<Op>(
  [4, fc.record({ kind: fc.constantFrom('set', 'save'), key, value })],
  [3, fc.record({ kind: fc.constant('remove'), key })],
  [3, fc.constant({ kind: 'increment' })],
  [5, fc.constant({ kind: 'read' })],
  [2, fc.constant({ kind: 'rotate' })],
  [3, fc.record({ kind: fc.constant('login'), user })],
  [1, fc.record({ kind: fc.constant('login'), user, keep: fc.subarray(['a', 'count']) })],
  [1, fc.record({ kind: fc.constant('regenerate'), value })],
  [2, fc.record({ kind: fc.constantFrom('logout', 'destroy') })],
);

const visit: fc.Arbitrary<Visit> = fc.record({ client, instance, op });

/** Little enough to pass unnoticed, enough for a touch to be due, and enough for the end. */
const milliseconds = weighted(
  [3, fc.constantFrom(1_000, TOUCH / 2, TOUCH, 5 * TOUCH)],
  [4, fc.constantFrom(IDLE / 2, IDLE - 3 * TOUCH)],
  [1, fc.constantFrom(IDLE, IDLE + 1, IDLE + TOUCH)],
);

export const commands: fc.Arbitrary<Command[]> = fc.array(
  weighted<Command>(
    [5, visit.map((request) => ({ do: 'visit', ...request }))],
    [8, visit.map((request) => ({ do: 'begin', ...request }))],
    [5, fc.record({ do: fc.constant('finish'), which, atOnce: fc.integer({ min: 1, max: 4 }) })],
    [
      3,
      fc.record({
        do: fc.constant('burst'),
        visits: fc.array(visit, { minLength: 1, maxLength: 2 }),
        finish: fc.nat(2),
      }),
    ],
    [4, fc.record({ do: fc.constant('wait'), milliseconds })],
    [2, fc.record({ do: fc.constant('copy'), from: client, to: client })],
    [1, fc.record({ do: fc.constant('old'), client, which })],
    [3, fc.record({ do: fc.constantFrom('prune', 'prune', 'count'), instance })],
    [1, fc.record({ do: fc.constant('list'), instance, user })],
    [1, fc.record({ do: fc.constant('revoke'), instance, user })],
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);
