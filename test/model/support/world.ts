/** The rules that the sessions of the model live by, in milliseconds. */
export const IDLE = 30 * 60_000;
export const ABSOLUTE = 50 * 60_000;
export const TOUCH = 60_000;
export const ROTATE = 10 * 60_000;
export const GRACE = 30_000;

/** What of the rules differs from application to application. */
export interface Rules {
  /** When a cookie is sent anew: with every response, together with a touch or a change, or only when it has to be. */
  readonly rolling: 'always' | 'touch' | 'never';
  /** Whether ids are renewed on a schedule. */
  readonly rotates: boolean;
  /** How many sessions a user may have. */
  readonly cap: number | undefined;
}

export type Data = Readonly<Record<string, unknown>>;

/** A session on the server, as it should be. */
export interface Row {
  /** Its name, once somebody was told. */
  readonly key?: string;
  /** Which of all ids that were ever made is its current one. Ids are named by the request that made them, as sessions are. */
  readonly gen: string;
  /** The one before a scheduled renewal, and until when it counts. */
  readonly previous?: { readonly gen: string; readonly until: number } | undefined;
  readonly epoch: number;
  readonly version: number;
  readonly data: Data;
  readonly user?: string | undefined;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly renewedAt: number;
}

/** A request under way, and its copy of a session. */
export interface Flight {
  readonly phase: 'new' | 'loaded' | 'ended here' | 'ended elsewhere';
  readonly hasCookie: boolean;
  readonly startedAt: number;
  /** Whether it ended the session that it came with, and has another one since. */
  readonly replaces: boolean;
  /** The session that it has read or begun. */
  readonly row: string;
  /** The id that it goes on with. */
  readonly gen: string;
  /** How many ids it has made. */
  readonly made: number;
  readonly hasRenewedId: boolean;
  /** What it knows of the session. */
  readonly known: Pick<Row, 'gen' | 'epoch' | 'version' | 'data' | 'seenAt' | 'renewedAt'>;
  /** The data as the application has it in hand. */
  readonly view: Data;
  /** Who has written the session since it was read. */
  readonly written: 'by nobody' | 'by others' | 'here';
  readonly writtenAt: number;
  /** Whether it has to send the cookie: of a new session, or with a new id. */
  readonly mustSend: boolean;
  /** The sessions that have to go because somebody signed in. */
  readonly surplus: readonly string[];
  /** Whose sessions are to be counted. */
  readonly counts?: string | undefined;
}

/** An end of all sessions of a user, under way. */
export interface Sweep {
  readonly user: string;
  /** What has to go: it was the user's when the call began. */
  readonly rows: readonly string[];
  readonly ended: number;
}

/** One state that everything may be in, after all that was observed. */
export interface World {
  readonly rows: Readonly<Record<string, Row>>;
  readonly flights: Readonly<Record<number, Flight>>;
  readonly sweeps: Readonly<Record<number, Sweep>>;
  /** The ids that somebody was told. */
  readonly ids: Readonly<Record<string, string>>;
}

export const EMPTY: World = { rows: {}, flights: {}, sweeps: {}, ids: {} };

/** What holds while something happens. */
export interface Circumstances {
  readonly rules: Rules;
  readonly now: number;
  /** Whether other things happen at the same time. */
  readonly isRace: boolean;
}

export function isAlive({ seenAt, createdAt }: Row, now: number): boolean {
  return now < seenAt + IDLE && now < createdAt + ABSOLUTE;
}

/** The sessions there are, of a user if one is given. */
export function livingRows({ rows }: World, now: number, user?: string): [string, Row][] {
  return Object.entries(rows).filter(
    ([, row]) => isAlive(row, now) && (user === undefined || row.user === user),
  );
}

export function withRow(world: World, name: string, row: Row): World {
  return { ...world, rows: inOrder({ ...world.rows, [name]: row }) };
}

export function withoutRows(world: World, names: readonly string[]): World {
  const rows = Object.entries(world.rows).filter(([name]) => !names.includes(name));
  return { ...world, rows: Object.fromEntries(rows) };
}

export function withFlight(world: World, n: number, flight: Flight): World {
  return { ...world, flights: { ...world.flights, [n]: flight } };
}

/** Worlds that differ in nothing but in the order of their sessions are one. */
function inOrder<T>(things: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(things).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Takes note that somebody was told an id. Undefined where it cannot be that one. */
export function told(world: World, name: string, gen: string, id: string, key: string): World | undefined {
  if (world.ids[id] !== undefined) return world.ids[id] === gen ? world : undefined;
  if (Object.values(world.ids).includes(gen)) return undefined; // it has another name
  const row = world.rows[name];
  const isOthers = Object.entries(world.rows).some(([other, { key: own }]) => own === key && other !== name);
  if (isOthers || (row?.key !== undefined && row.key !== key)) return undefined;
  const named = { ...world, ids: inOrder({ ...world.ids, [id]: gen }) };
  return row === undefined ? named : withRow(named, name, { ...row, key });
}

/** Whether a session lives that nobody can reach: its id was told to nobody, and no request is under way that may. */
export function hasLostSession(world: World, now: number): boolean {
  const reachable = new Set([
    ...Object.values(world.ids),
    ...Object.values(world.flights).map(({ gen }) => gen),
  ]);
  return livingRows(world, now).some(([, { gen }]) => !reachable.has(gen));
}
