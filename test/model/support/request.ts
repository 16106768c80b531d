import {
  type Circumstances,
  type Data,
  type Flight,
  GRACE,
  isAlive,
  livingRows,
  type Row,
  ROTATE,
  TOUCH,
  withFlight,
  withoutRows,
  withRow,
  type World,
} from './world.js';

/** A call of a session, or what an application does to its data. */
export type Op =
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  | { readonly kind: 'remove'; readonly key: string }
  | { readonly kind: 'save' | 'increment' | 'rotate' | 'reload' | 'logout' | 'destroy' | 'regenerate' }
  | { readonly kind: 'login'; readonly user: string; readonly keep?: readonly string[] };

/** What a request saw when it began: its session, or undefined for a new one. */
export type Seen = { readonly data: Data; readonly handle: string } | undefined;

/** What may come of a call. */
export interface Outcome {
  readonly result: string;
  readonly world: World;
}

/** What may come of a request: a cookie of a session, expired, or not mentioned. */
export interface Ending {
  readonly cookie: 'none' | 'clear' | 'set';
  readonly row: string;
  readonly gen: string;
  readonly world: World;
}

const ENDED = 'SESSION_ENDED';
const NOTHING_KNOWN = { gen: '', epoch: 0, version: 0, data: {}, seenAt: 0, renewedAt: 0 };

function fresh(hasCookie: boolean, now: number, { replaces = false, made = 0 } = {}): Flight {
  const nobody = { row: '', gen: '', made, hasRenewedId: false, known: NOTHING_KNOWN, view: {} };
  const unsent = { written: 'by nobody', writtenAt: 0, mustSend: false, surplus: [] } as const;
  return { phase: 'new', hasCookie, startedAt: now, replaces, ...nobody, ...unsent };
}

/** A request begins: it finds the session of its cookie, or none. */
export function begin(
  { now }: Circumstances,
  world: World,
  n: number,
  id?: string,
): { seen: Seen; world: World } {
  const none = { seen: undefined, world: withFlight(world, n, fresh(id !== undefined, now)) };
  const gen = id === undefined ? undefined : world.ids[id];
  if (gen === undefined) return none;
  const found = livingRows(world, now).find(
    ([, row]) => row.gen === gen || (row.previous?.gen === gen && row.previous.until > now),
  );
  if (found === undefined) return none;
  const [name, row] = found;
  const flight: Flight = {
    ...fresh(true, now),
    phase: 'loaded',
    row: name,
    gen: row.gen,
    hasRenewedId: row.gen !== gen,
    known: row,
    view: row.data,
  };
  return { seen: { data: row.data, handle: row.key! }, world: withFlight(world, n, lean(flight)) };
}

/** Without what is of no concern to a request, so that worlds that differ in nothing else are one. */
function lean(flight: Flight): Flight {
  const { gen, epoch, version, data, seenAt, renewedAt } = flight.known;
  return { ...flight, known: { gen, epoch, version, data, seenAt, renewedAt } };
}

/** What a call may come to. */
export function call(at: Circumstances, world: World, n: number, op: Op): Outcome[] {
  const flight = world.flights[n]!;
  const done = (next: Flight, result = 'done', then = world): Outcome[] => [
    { result, world: withFlight(then, n, lean(next)) },
  ];
  const isEnded = flight.phase === 'ended here' || flight.phase === 'ended elsewhere';
  switch (op.kind) {
    case 'set':
      return done({ ...flight, view: { ...flight.view, [op.key]: op.value } });
    case 'remove':
      return done({ ...flight, view: omit(flight.view, op.key) });
    case 'save':
      if (isEnded) return done(flight);
      if (flight.phase === 'new')
        return Object.keys(flight.view).length > 0 ? create(at, world, n, flight) : done(flight);
      return reread(at, world, flight).flatMap((now) =>
        now.phase === 'loaded' ? store(at, world, n, now, { isTouch: !isChanged(now) }) : done(now),
      );
    case 'increment': {
      if (isEnded) return done(flight, ENDED);
      const counted = (one: Flight): Flight => ({
        ...one,
        view: { ...one.view, count: Number(one.view.count ?? 0) + 1 },
      });
      if (flight.phase === 'new') {
        const next = counted(flight);
        return create(at, world, n, next).map((outcome) => ({ ...outcome, result: String(next.view.count) }));
      }
      return reread(at, world, flight).flatMap((now) => {
        if (now.phase !== 'loaded') return done(now, ENDED);
        const next = counted(now);
        return store(at, world, n, next, {}).map((outcome) => ({
          ...outcome,
          result: String(next.view.count),
        }));
      });
    }
    case 'reload':
      if (isEnded || flight.phase === 'new') return done(flight, ENDED);
      return reread(at, world, flight).flatMap((now) => {
        if (now.phase !== 'loaded') return done(now, ENDED);
        const row = world.rows[now.row]!;
        // To read it again is no write: who has written it is as it was.
        return done({ ...now, known: row, view: row.data, written: flight.written });
      });
    case 'rotate':
      if (isEnded) return done(flight, ENDED);
      if (flight.phase === 'new') return done(flight);
      if (flight.known.gen !== flight.gen) return flush(at, world, n, flight, { whenEnded: ENDED });
      return reread(at, world, flight).flatMap((now) => {
        if (now.phase !== 'loaded') return done(now, ENDED);
        const isCurrent = now.known.gen === now.gen;
        return isCurrent
          ? store(at, world, n, now, { renewal: 'at once' })
          : flush(at, world, n, now, { whenEnded: ENDED });
      });
    case 'login':
      return login(at, world, n, flight, op);
    case 'regenerate':
      return done(
        fresh(flight.hasCookie, at.now, { replaces: true, made: flight.made }),
        'done',
        ended(world, flight),
      );
    case 'logout':
    case 'destroy':
      return done({ ...flight, phase: 'ended here' }, 'done', ended(world, flight));
  }
}

function login(
  at: Circumstances,
  world: World,
  n: number,
  flight: Flight,
  op: Op & { kind: 'login' },
): Outcome[] {
  const signedIn = (one: Flight): Flight => ({
    ...one,
    view: { ...(op.keep ? pick(one.view, op.keep) : one.view), userId: op.user },
    counts: at.rules.cap === undefined ? undefined : op.user,
  });
  const anew = (view: Data = {}): Outcome[] => {
    const begun = { ...fresh(flight.hasCookie, at.now, flight), view };
    return create(at, world, n, signedIn(begun), op.user);
  };
  if (flight.phase === 'new')
    return create(at, world, n, signedIn({ ...flight, startedAt: at.now }), op.user);
  if (flight.phase !== 'loaded') return anew();
  return reread(at, world, flight).flatMap((now) => {
    const row = world.rows[now.row];
    const isGone = row === undefined || !isAlive(row, at.now);
    // What the session held stays gone; of one that is somebody's by now, nothing at all goes on.
    if (now.phase !== 'loaded') return anew(isGone ? changesOf(flight) : {});
    const isInGrace = row!.previous?.gen === now.gen && row!.previous.until > at.now;
    if (row!.gen !== now.gen && !isInGrace) return anew();
    const isSame = row!.user === op.user;
    return store(
      at,
      world,
      n,
      { ...signedIn(now), ...(isSame && { counts: undefined }) },
      { renewal: 'at once', user: op.user },
    );
  });
}

/** A response leaves: what the request changed is stored, and it is decided which cookie goes with it. */
export function commit(at: Circumstances, world: World, n: number): Ending[] {
  const flight = world.flights[n]!;
  const { rules, now } = at;
  const isDue =
    rules.rotates &&
    flight.phase === 'loaded' &&
    now - flight.known.renewedAt >= ROTATE &&
    flight.known.gen === flight.gen;
  return commitOutcomes(at, world, n, flight, isDue).map(({ world: after }) => {
    const { [n]: last, ...flights } = after.flights;
    return { ...cookieOf(at, last!), row: last!.row, gen: last!.gen, world: { ...after, flights } };
  });
}

function commitOutcomes(
  at: Circumstances,
  world: World,
  n: number,
  flight: Flight,
  isDue: boolean,
): Outcome[] {
  const asIs = [{ result: 'done', world }];
  if (flight.phase === 'new')
    return Object.keys(flight.view).length > 0 ? create(at, world, n, flight) : asIs;
  if (flight.phase !== 'loaded') return asIs;
  if (!isDue) return flush(at, world, n, flight, { isLast: true });
  return reread(at, world, flight).flatMap((now) => {
    if (now.phase !== 'loaded') return [{ result: 'done', world: withFlight(world, n, now) }];
    if (now.known.gen === now.gen) return store(at, world, n, now, { renewal: 'scheduled' });
    return flush(at, world, n, now, { isLast: true });
  });
}

function cookieOf({ rules }: Circumstances, flight: Flight): Pick<Ending, 'cookie'> {
  const cleared = { cookie: flight.hasCookie ? 'clear' : 'none' } as const;
  if (flight.phase === 'ended here') return cleared;
  if (flight.phase === 'new') return flight.replaces ? cleared : { cookie: 'none' };
  return { cookie: flight.phase === 'loaded' && sendsCookie(rules, flight) ? 'set' : 'none' };
}

/** A cookie leaves only after a write of the request itself has found its id to be the current one. */
function sendsCookie(
  rules: Circumstances['rules'],
  { written, known, gen, mustSend, hasRenewedId }: Flight,
): boolean {
  if (written !== 'here' || known.gen !== gen) return false;
  return mustSend || hasRenewedId || rules.rolling !== 'never';
}

/** Stores what there is to store, and nothing if there is nothing. */
function flush(
  at: Circumstances,
  world: World,
  n: number,
  flight: Flight,
  { whenEnded = 'done', isLast = false } = {},
): Outcome[] {
  const { rules, now } = at;
  const isDue = (one: Flight): boolean => one.written === 'by nobody' && now - one.known.seenAt >= TOUCH;
  const needsCookie = (one: Flight): boolean =>
    one.written !== 'here' && (one.hasRenewedId || rules.rolling === 'always');
  // One that was written a while ago may be somebody else's by now.
  const isOld = !flight.mustSend || now - flight.writtenAt > 1_000;
  const isUnsure = isLast && sendsCookie(rules, flight) && isOld;
  if (!isChanged(flight) && !isDue(flight) && !needsCookie(flight) && !isUnsure)
    return [{ result: 'done', world: withFlight(world, n, flight) }];
  return reread(at, world, flight).flatMap((latest) => {
    const unchanged = { result: 'done', world: withFlight(world, n, lean(latest)) };
    if (latest.phase !== 'loaded') return [{ ...unchanged, result: whenEnded }];
    if (isChanged(latest)) return store(at, world, n, latest, {});
    if (isDue(latest)) return store(at, world, n, latest, { isTouch: true });
    return needsCookie(latest) || isUnsure
      ? store(at, world, n, latest, { isTouch: true, isEarly: true })
      : [unchanged];
  });
}

/** What a request makes of its session when it meets the store. More than one where it may or may not have noticed a touch. */
function reread({ now, isRace }: Circumstances, world: World, flight: Flight): Flight[] {
  const row = world.rows[flight.row];
  if (row === undefined || !isAlive(row, now) || row.epoch !== flight.known.epoch)
    return [{ ...flight, phase: 'ended elsewhere' }];
  const written = flight.written === 'by nobody' ? 'by others' : flight.written;
  if (row.version !== flight.known.version)
    return [lean({ ...flight, known: row, view: merged(flight, row.data), written })];
  const noticed: Flight = lean({ ...flight, known: { ...flight.known, seenAt: row.seenAt }, written });
  return isRace ? [flight, noticed] : [flight];
}

interface Storing {
  readonly renewal?: 'at once' | 'scheduled';
  readonly user?: string;
  /** Whether it is only written that the session was seen. */
  readonly isTouch?: boolean;
  /** Whether that would not be due by the clock. */
  readonly isEarly?: boolean;
}

/** Writes a session. When it was seen may get a minute old before it has to be written, too. */
function store(at: Circumstances, world: World, n: number, flight: Flight, what: Storing): Outcome[] {
  const { now } = at;
  const row = world.rows[flight.row]!;
  const isLogin = what.user !== undefined;
  const isRenewed = what.renewal !== undefined;
  const asked = (what.isTouch === true && what.isEarly !== true) || isLogin;
  const times = asked ? [now] : [flight.known.seenAt, row.seenAt, now].filter((time) => now - time < TOUCH);
  const made = flight.made + (isRenewed ? 1 : 0);
  const gen = isRenewed ? `${n}.${made}` : row.gen;
  return [...new Set(times)].map((seenAt) => {
    const next: Row = {
      ...row,
      seenAt,
      ...(what.isTouch !== true && { version: row.version + 1, data: flight.view }),
      ...(isLogin && { user: what.user, epoch: row.epoch + 1, createdAt: now }),
      ...(isRenewed && {
        gen,
        renewedAt: now,
        previous: what.renewal === 'scheduled' ? { gen: row.gen, until: now + GRACE } : undefined,
      }),
    };
    return written(world, n, next, {
      ...flight,
      ...(isRenewed && { gen, made, mustSend: true }),
      writtenAt: now,
    });
  });
}

function create({ now }: Circumstances, world: World, n: number, flight: Flight, user?: string): Outcome[] {
  const made = flight.made + 1;
  const gen = `${n}.${made}`;
  const row: Row = {
    ...{ gen, epoch: 1, version: 1, data: flight.view, user },
    ...{ createdAt: flight.startedAt, seenAt: now, renewedAt: flight.startedAt },
  };
  const begun = { ...flight, phase: 'loaded', row: gen, gen, made, mustSend: true, writtenAt: now } as const;
  return [written(world, n, row, begun)];
}

function written(world: World, n: number, row: Row, flight: Flight): Outcome {
  const own = lean({ ...flight, known: row, view: row.data, written: 'here' });
  return { result: 'done', world: withFlight(withRow(world, flight.row, row), n, own) };
}

function ended(world: World, { phase, row }: Flight): World {
  return phase === 'loaded' || phase === 'ended elsewhere' ? withoutRows(world, [row]) : world;
}

function isChanged({ view, known: { data } }: Flight): boolean {
  return sorted(view) !== sorted(data);
}

/** What a request has set, and has not stored. */
function changesOf({ view, known: { data } }: Flight): Data {
  return Object.fromEntries(Object.entries(view).filter(([name, value]) => data[name] !== value));
}

/** What a request has changed, upon what is stored by now. */
function merged(flight: Flight, latest: Data): Data {
  const removed = Object.keys(flight.known.data).filter((name) => !(name in flight.view));
  return { ...omit(latest, ...removed), ...changesOf(flight) };
}

export function sorted(data: Data): string {
  return JSON.stringify(Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function omit(data: Data, ...keys: string[]): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !keys.includes(name)));
}

function pick(data: Data, keys: readonly string[]): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => keys.includes(name)));
}
