import fc from 'fast-check';
import type { Call } from './driver.js';
import { GRACE, IDLE, ROTATE, TOUCH } from './world.js';

export const CLIENTS = 2;
export const INSTANCES = 3;
export const USERS = ['ann', 'bob'];

/** A request: a client's, with the cookie it has then, to one of the instances. */
export interface Visit {
  readonly client: number;
  readonly instance: number;
  readonly calls: readonly Call[];
  /** Whether the cookie of its answer reaches the browser later than those of other answers. */
  readonly isLate: boolean;
}

/** What happens, one thing after the other; what stands in one `burst` happens at the same time. */
export type Command =
  | ({ readonly do: 'visit' } & Visit)
  | ({ readonly do: 'begin'; readonly pause: number } & Visit)
  | { readonly do: 'goOn'; readonly which: number; readonly serializingOnce: number }
  | {
      readonly do: 'burst';
      readonly visits: readonly Visit[];
      readonly goOn: number;
      readonly revokes: readonly Revoke[];
    }
  | { readonly do: 'deliver'; readonly which: number }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'copy'; readonly from: number; readonly to: number }
  | { readonly do: 'old'; readonly client: number; readonly which: number }
  | { readonly do: 'prune' | 'count'; readonly instance: number }
  | ({ readonly do: 'list' | 'revokeAll' } & Revoke)
  | ({ readonly do: 'revoke'; readonly which: number } & Revoke);

export interface Revoke {
  readonly instance: number;
  readonly user: string;
}

const weighted = <T>(...choices: [number, fc.Arbitrary<T>][]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Mostly the same one: what two requests do to one session is what there is to see. */
const client = weighted([3, fc.constant(0)], [1, fc.nat(CLIENTS - 1)]);
const instance = fc.nat(INSTANCES - 1);
const user = weighted([3, fc.constant(USERS[0]!)], [1, fc.constantFrom(...USERS)]);
const key = fc.constantFrom('a', 'count');
const value = fc.nat(99);
const which = fc.nat(7);
const isAwaited = fc.boolean();

const call: fc.Arbitrary<Call> = weighted<Call>(
  [4, fc.record({ kind: fc.constant('set'), key, value, isAwaited: fc.constant(true) })],
  [2, fc.record({ kind: fc.constant('remove'), key, isAwaited: fc.constant(true) })],
  [4, fc.record({ kind: fc.constantFrom('save', 'increment', 'rotate'), isAwaited })],
  [1, fc.record({ kind: fc.constantFrom('reload', 'regenerate', 'logout', 'destroy'), isAwaited })],
  [3, fc.record({ kind: fc.constant('login'), user, isAwaited })],
  [1, fc.record({ kind: fc.constant('login'), user, keep: fc.subarray(['a', 'count']), isAwaited })],
);

const visitOf = (most: number): fc.Arbitrary<Visit> =>
  fc.record({
    client,
    instance,
    calls: weighted([1, fc.constant<Call[]>([])], [4, fc.array(call, { minLength: 1, maxLength: most })]),
    isLate: weighted([3, fc.constant(false)], [1, fc.constant(true)]),
  });

/** Little enough to pass unnoticed, enough for a touch or a new id to be due, and enough for the end. */
const milliseconds = weighted(
  [4, fc.constantFrom(1_000, GRACE - 1, GRACE, TOUCH, 5 * TOUCH)],
  [3, fc.constantFrom(ROTATE, IDLE / 2, IDLE - 3 * TOUCH)],
  [1, fc.constantFrom(IDLE, IDLE + 1, IDLE + TOUCH)],
);

const revoke = fc.record({ instance, user });

export const commands: fc.Arbitrary<Command[]> = fc.array(
  weighted<Command>(
    [6, visitOf(4).map((visit) => ({ do: 'visit', ...visit }))],
    [6, fc.tuple(visitOf(3), fc.nat(3)).map(([visit, pause]) => ({ do: 'begin', pause, ...visit }))],
    [
      6,
      fc.record({
        do: fc.constant('goOn'),
        which,
        serializingOnce: weighted([2, fc.constant(1)], [1, fc.constant(2)]),
      }),
    ],
    [
      4,
      fc.record({
        do: fc.constant('burst'),
        visits: weighted<Visit[]>([1, fc.tuple(visitOf(2))], [2, fc.tuple(visitOf(1), visitOf(2))]),
        goOn: fc.nat(1),
        revokes: weighted([3, fc.constant<Revoke[]>([])], [1, revoke.map((one) => [one])]),
      }),
    ],
    [2, fc.record({ do: fc.constant('deliver'), which })],
    [4, fc.record({ do: fc.constant('wait'), milliseconds })],
    [2, fc.record({ do: fc.constant('copy'), from: client, to: client })],
    [1, fc.record({ do: fc.constant('old'), client, which })],
    [3, fc.record({ do: fc.constantFrom('prune', 'prune', 'count'), instance })],
    [1, revoke.map((one) => ({ do: 'list', ...one }))],
    [1, revoke.map((one) => ({ do: 'revokeAll', ...one }))],
    [1, fc.tuple(revoke, which).map(([one, number]) => ({ do: 'revoke', which: number, ...one }))],
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);
