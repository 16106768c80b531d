import type { AnySession, Handler, Site } from '../../support/site.js';
import { deferred } from '../../support/site.js';
import type { Data, Op, Outcome, Seen } from './model.js';

/** What a request was answered. */
export interface Answer extends Outcome {
  readonly seen: Seen;
  /** The id in the cookie that came with it. */
  readonly id: string | undefined;
}

/** A request that has read its session and waits to be let go. */
export interface Pending {
  readonly seen: Seen;
  finish(): Promise<Answer>;
}

interface Told {
  readonly op: Op;
  readonly gate: number | undefined;
}

/** Sends requests to the instances of an application, and holds them where it is asked to. */
export class Driver {
  readonly #sites: readonly Site[];
  readonly #gates = new Map<number, { seen: (seen: Seen) => void; go: Promise<void> }>();
  #next = 0;

  constructor(sites: readonly Site[]) {
    this.#sites = sites;
    for (const site of sites) site.handle('work', this.#work);
  }

  /** A request from beginning to end. */
  async request(instance: number, cookie: string | undefined, told: Told): Promise<Answer> {
    const response = await fetch(`${this.#sites[instance]!.base}/run/work`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
      body: JSON.stringify(told),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`The answer is ${response.status}: ${text}`);
    const { seen, result } = JSON.parse(text) as { seen: Data | null; result: string };
    const setCookies = response.headers.getSetCookie();
    if (setCookies.length > 1) throw new Error(`${setCookies.length} cookies at once.`);
    const value = /^sid=([^;]*)/.exec(setCookies[0] ?? '')?.[1];
    const id = value ? decodeURIComponent(value).slice(2).split('.')[0] : undefined;
    const cookieThen = value === undefined ? 'none' : value === '' ? 'clear' : 'new';
    return {
      seen: seen ?? undefined,
      result,
      cookie: cookieThen,
      id: id && (this.#cookies.set(id, `sid=${value}`), id),
    };
  }

  /** A request up to the point where it has read its session. */
  async begin(instance: number, cookie: string | undefined, op: Op): Promise<Pending> {
    const gate = this.#next++;
    const [reached, go] = [deferred<Seen>(), deferred()];
    this.#gates.set(gate, { seen: reached.resolve, go: go.promise });
    const answer = this.request(instance, cookie, { op, gate });
    answer.catch(() => undefined); // whoever waits for it hears of it
    const seen = await Promise.race([reached.promise, answer.then(({ seen: saw }) => saw)]);
    return {
      seen,
      finish() {
        go.resolve();
        return answer;
      },
    };
  }

  readonly #cookies = new Map<string, string>();

  /** The `Cookie` header for an id. */
  cookieFor(id: string | undefined): string | undefined {
    return id && this.#cookies.get(id);
  }

  readonly #work: Handler = async ({ session, req, body }) => {
    const { op, gate } = body as unknown as Told;
    const seen = session.isNew ? undefined : { ...session };
    const held = gate === undefined ? undefined : this.#gates.get(gate);
    held?.seen(seen);
    await held?.go;
    return { seen: seen ?? null, result: await perform(op, session, req) };
  };
}

async function perform(op: Op, session: AnySession, req: { session: AnySession }): Promise<string> {
  try {
    return (await act(op, session, req)) ?? 'done';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'SESSION_ENDED') return code;
    throw error;
  }
}

async function act(op: Op, session: AnySession, req: { session: AnySession }): Promise<string | undefined> {
  switch (op.kind) {
    case 'read':
      return undefined;
    case 'set':
      session[op.key] = op.value;
      return undefined;
    case 'save':
      session[op.key] = op.value;
      await session.save();
      return undefined;
    case 'remove':
      Reflect.deleteProperty(session, op.key);
      return undefined;
    case 'increment':
      return String(await session.update((s) => (s.count = Number(s.count ?? 0) + 1)));
    case 'login':
      await session.login(op.user, op.keep ? { keep: op.keep } : {});
      return undefined;
    case 'rotate':
      await session.rotate();
      return undefined;
    case 'regenerate':
      await session.regenerate();
      req.session.marker = op.value;
      return undefined;
    case 'logout':
      await session.logout();
      return undefined;
    case 'destroy':
      await session.destroy();
      return undefined;
  }
}
