/** The rules that the sessions of the model live by, in milliseconds. */
export const IDLE = 30 * 60_000;
export const ABSOLUTE = 50 * 60_000;
export const TOUCH = 60_000;

export type Data = Readonly<Record<string, unknown>>;

/** What a request does with its session. */
export type Op =
  | { readonly kind: 'read' | 'rotate' | 'logout' | 'destroy' | 'increment' }
  | { readonly kind: 'set' | 'save'; readonly key: string; readonly value: number }
  | { readonly kind: 'remove'; readonly key: string }
  | { readonly kind: 'login'; readonly user: string; readonly keep?: readonly string[] }
  | { readonly kind: 'regenerate'; readonly value: number };

/** What a request saw when it began: the data of its session, or undefined for a new one. */
export type Seen = Data | undefined;

/** What came of a request. A cookie is there (`id`), expired, or not mentioned. */
export interface Outcome {
  readonly result: string;
  readonly cookie: 'none' | 'clear' | 'new';
}

/** A session on the server, as it should be. */
interface Row {
  /** The id in the cookie; one that nobody was told begins with `?`. */
  readonly id: string;
  /** The ids it had before, since its last login: requests that began under one still belong to it. */
  readonly before: readonly string[];
  readonly data: Data;
  readonly user?: string;
  readonly createdAt: number;
  /** When it was last seen: not exactly known, since not every read is written down. */
  readonly seenAt: readonly [earliest: number, latest: number];
}

/** A request that has read its session. */
interface Flight {
  /** The id it found its session by; undefined where it found none. */
  readonly id: string | undefined;
  readonly row: number;
  readonly base: Data;
  readonly beganAt: number;
  /** When its session would be over, had nobody used it since. */
  readonly patience: number;
  readonly hasCookie: boolean;
}

/** One state that everything may be in, after all that was observed. */
export interface World {
  readonly rows: Readonly<Record<number, Row>>;
  readonly flights: Readonly<Record<number, Flight>>;
  readonly nextRow: number;
}

export const EMPTY: World = { rows: {}, flights: {}, nextRow: 1 };

/** One thing that may happen: what it looks like from outside, and the state after it, given the id of a new cookie. */
export interface Candidate<Shape> {
  readonly shape: Shape;
  readonly next: (id: string) => World;
}

type Alive = 'yes' | 'no' | 'maybe';

function aliveness({ seenAt: [earliest, latest], createdAt }: Row, now: number): Alive {
  if (now >= createdAt + ABSOLUTE || now >= latest + IDLE) return 'no';
  return now < earliest + IDLE ? 'yes' : 'maybe';
}

/** Whether a request that began under an id still belongs to the session; after several renewals both is right. */
function belonging(row: Row | undefined, id: string, now: number): Alive {
  if (row === undefined) return 'no';
  const alive = aliveness(row, now);
  if (alive === 'no' || row.id === id || row.before.at(-1) === id) return alive;
  return row.before.includes(id) ? 'maybe' : 'no';
}

/** A request begins: it finds the session of its cookie, or none. */
export function begin(world: World, n: number, cookie: string | undefined, now: number): Candidate<Seen>[] {
  const found = Object.entries(world.rows).find(([, row]) => row.id === cookie);
  const fly = (flight: Flight): World => ({ ...world, flights: { ...world.flights, [n]: flight } });
  const common = { beganAt: now, hasCookie: cookie !== undefined };
  const fresh = fly({ ...common, id: undefined, row: 0, base: {}, patience: 0 });
  const candidates: Candidate<Seen>[] = [];
  const alive = found === undefined ? 'no' : aliveness(found[1], now);
  if (alive !== 'yes') candidates.push({ shape: undefined, next: () => fresh });
  if (alive !== 'no' && found !== undefined) {
    const [row, { data, seenAt }] = found;
    const flight = fly({ ...common, id: cookie, row: Number(row), base: data, patience: seenAt[0] + IDLE });
    candidates.push({ shape: data, next: () => flight });
  }
  return candidates;
}

/** A request ends: what it did comes true, all at once. */
export function finish(world: World, n: number, op: Op, now: number): Candidate<Outcome>[] {
  const { [n]: flight, ...flights } = world.flights;
  if (flight === undefined) throw new Error(`There is no request ${n}.`);
  const landed = { ...world, flights };
  if (flight.id === undefined) return [withoutSession(landed, flight, op, now)];
  const row = world.rows[flight.row];
  const belongs = belonging(row, flight.id, now);
  const candidates: Candidate<Outcome>[] = [];
  if (belongs !== 'no') candidates.push(withSession(landed, flight, row!, op, now));
  if (belongs !== 'yes') candidates.push(afterItsEnd(landed, flight, op, now));
  return candidates;
}

const same = (world: World) => (): World => world;
const quiet = (result: string, next: World): Candidate<Outcome> => ({
  shape: { result, cookie: 'none' },
  next: same(next),
});

/** The request has a session that is alive. */
function withSession(world: World, flight: Flight, row: Row, op: Op, now: number): Candidate<Outcome> {
  const seen: Row = { ...row, seenAt: [now - 2 * TOUCH, now] };
  const put = (next: Row): World => ({ ...world, rows: { ...world.rows, [flight.row]: next } });
  const { [flight.row]: _gone, ...others } = world.rows;
  const without = { ...world, rows: others };
  switch (op.kind) {
    case 'read':
      return quiet('done', put(seen));
    case 'set':
    case 'save':
      // What was so already when it began is no change.
      if (flight.base[op.key] === op.value) return quiet('done', put(seen));
      return quiet('done', put({ ...seen, data: { ...row.data, [op.key]: op.value } }));
    case 'remove':
      return quiet('done', put(op.key in flight.base ? { ...seen, data: omit(row.data, op.key) } : seen));
    case 'increment': {
      const count = Number(row.data.count ?? 0) + 1;
      return quiet(String(count), put({ ...seen, data: { ...row.data, count } }));
    }
    case 'rotate':
      return {
        shape: { result: 'done', cookie: 'new' },
        next: (id) => put({ ...seen, id, before: [...row.before, row.id] }),
      };
    case 'login': {
      const kept = op.keep ? pick(row.data, op.keep) : row.data;
      const data = { ...kept, userId: op.user };
      return {
        shape: { result: 'done', cookie: 'new' },
        next: (id) => put({ id, before: [], data, user: op.user, createdAt: now, seenAt: [now, now] }),
      };
    }
    case 'regenerate':
      return create(without, { marker: op.value }, now, now);
    case 'logout':
    case 'destroy':
      return { shape: { result: 'done', cookie: 'clear' }, next: same(without) };
  }
}

/** The session was ended while the request was under way: nothing brings it back. */
function afterItsEnd(world: World, flight: Flight, op: Op, now: number): Candidate<Outcome> {
  switch (op.kind) {
    case 'read':
    case 'set':
    case 'save':
    case 'remove':
      return quiet('done', world);
    case 'increment':
    case 'rotate':
      return quiet('SESSION_ENDED', world);
    case 'login':
    case 'regenerate':
    case 'logout':
    case 'destroy':
      return withoutSession(world, flight, op, now);
  }
}

/** The request has no session yet: what it stores begins one. */
function withoutSession(world: World, flight: Flight, op: Op, now: number): Candidate<Outcome> {
  switch (op.kind) {
    case 'read':
    case 'remove':
    case 'rotate':
      return quiet('done', world);
    case 'set':
    case 'save':
      return create(world, { [op.key]: op.value }, flight.beganAt, now);
    case 'increment':
      return create(world, { count: 1 }, flight.beganAt, now, '1');
    case 'login':
      return create(world, { userId: op.user }, now, now, 'done', op.user);
    case 'regenerate':
      return create(world, { marker: op.value }, now, now);
    case 'logout':
    case 'destroy':
      return { shape: { result: 'done', cookie: flight.hasCookie ? 'clear' : 'none' }, next: same(world) };
  }
}

function create(
  world: World,
  data: Data,
  createdAt: number,
  now: number,
  result = 'done',
  user?: string,
): Candidate<Outcome> {
  const row = { before: [], data, createdAt, seenAt: [now, now] as const, ...(user && { user }) };
  return {
    shape: { result, cookie: 'new' },
    next: (id) => ({
      ...world,
      rows: { ...world.rows, [world.nextRow]: { id, ...row } },
      nextRow: world.nextRow + 1,
    }),
  };
}

/** The ids of the sessions there are (of a user), those that must be there first. */
export function sessionsOf(
  world: World,
  now: number,
  user?: string,
): { surely: string[]; perhaps: string[] } {
  const rows = Object.values(world.rows).filter((row) => user === undefined || row.user === user);
  const ids = (alive: Alive): string[] =>
    rows.filter((row) => aliveness(row, now) === alive).map(({ id }) => id);
  return { surely: ids('yes'), perhaps: ids('maybe') };
}

/** All sessions of a user end. */
export function revoke(world: World, user: string): World {
  const rows = Object.entries(world.rows).filter(([, row]) => row.user !== user);
  return { ...world, rows: Object.fromEntries(rows) };
}

/** Whether there is a session whose id nobody was told. */
export function hasSecretId(world: World): boolean {
  return Object.values(world.rows).some(({ id }) => id.startsWith('?'));
}

function omit(data: Data, key: string): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));
}

function pick(data: Data, keys: readonly string[]): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => keys.includes(name)));
}
