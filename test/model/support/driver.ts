import type { SessionKey } from '../../../lib/index.js';
import { type AnySession, deferred, type Handler, type Site } from '../../support/site.js';
import type { Op, Seen } from './request.js';

/** A call of a request's session, and whether its handler waits for it before it goes on. */
export type Call = Op & { readonly isAwaited: boolean };

/** What a response said. */
export interface Answer {
  readonly cookie: 'none' | 'clear' | 'set';
  /** The id in the cookie that came with it. */
  readonly id: string | undefined;
}

/** A part of a request: what its calls came to, and its answer if that was the last. */
export interface Part {
  readonly results: readonly string[];
  readonly answer: Answer | undefined;
}

/** What a handler does, told to it by a number. */
interface Plan {
  readonly calls: readonly Call[];
  /** Before how many calls it waits to be let go. */
  readonly holds: ReadonlySet<number>;
  readonly results: string[];
  seen: Seen;
  /** Waits to be let go. */
  hold(): Promise<void>;
}

/** A request of a test. */
export class Pending {
  #reached = deferred();
  #go = deferred();
  #reported = 0;
  #answer: Promise<Answer> = Promise.reject(new Error('not sent'));

  constructor(readonly plan: Omit<Plan, 'hold'>) {
    this.#answer.catch(() => undefined);
  }

  send(work: (plan: Plan) => Promise<Answer>): void {
    const hold = async (): Promise<void> => {
      const { promise } = this.#go;
      this.#reached.resolve();
      await promise;
    };
    this.#answer = work(Object.assign(this.plan, { hold }));
    this.#answer.catch(() => undefined); // whoever waits for it hears of it
  }

  /** Up to where it waits for the first time, or to its end. */
  async begin(): Promise<Part> {
    const answer = await Promise.race([this.#reached.promise, this.#answer]);
    const results = this.plan.results.slice(this.#reported);
    this.#reported = this.plan.results.length;
    return { results, answer: answer ?? undefined };
  }

  /** On to where it waits next, or to its end. */
  goOn(): Promise<Part> {
    const go = this.#go;
    [this.#reached, this.#go] = [deferred(), deferred()];
    go.resolve();
    return this.begin();
  }

  /** To its end. */
  async finish(): Promise<void> {
    while ((await this.goOn()).answer === undefined);
  }
}

/** Sends requests to the instances of an application, and holds them where it is asked to. */
export class Driver {
  readonly #plans = new Map<number, Plan>();
  readonly #cookies = new Map<string, string>();
  #next = 0;

  constructor(private readonly sites: readonly Site[]) {
    for (const site of sites) site.handle('work', this.#work);
  }

  /** A request: from beginning to end, or up to where it waits. */
  open(
    instance: number,
    id: string | undefined,
    calls: readonly Call[],
    holds: readonly number[] = [],
  ): Pending {
    const pending = new Pending({ calls, holds: new Set(holds), results: [], seen: undefined });
    pending.send(async (plan) => {
      const number = this.#next++;
      this.#plans.set(number, plan);
      const cookie = id === undefined ? undefined : this.#cookies.get(id);
      const response = await fetch(`${this.sites[instance]!.base}/run/work`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
        body: JSON.stringify({ number }),
      });
      const text = await response.text();
      this.#plans.delete(number);
      if (response.status !== 200) throw new Error(`The answer is ${response.status}: ${text}`);
      return this.#answerOf(response.headers.getSetCookie());
    });
    return pending;
  }

  #answerOf(setCookies: readonly string[]): Answer {
    if (setCookies.length > 1) throw new Error(`${setCookies.length} cookies at once.`);
    const value = /^sid=([^;]*)/.exec(setCookies[0] ?? '')?.[1];
    if (!value) return { cookie: value === undefined ? 'none' : 'clear', id: undefined };
    const id = decodeURIComponent(value).slice(2).split('.')[0]!;
    this.#cookies.set(id, `sid=${value}`);
    return { cookie: 'set', id };
  }

  readonly #work: Handler = async ({ session, req, body }) => {
    const plan = this.#plans.get(body.number as number)!;
    plan.seen = session.isNew ? undefined : { data: { ...session }, handle: session.handle };
    let current = session;
    let open: Promise<void>[] = [];
    for (const [index, call] of plan.calls.entries()) {
      const isCall = call.kind !== 'set' && call.kind !== 'remove';
      const isHeld = plan.holds.has(index);
      // What it assigns comes after what it called: to assign is no call, and does not wait for any.
      if (!isCall || isHeld) open = (await Promise.all(open), []);
      if (isHeld) await plan.hold();
      const ending = perform(call, current).then((result) => void (plan.results[index] = result));
      open.push(ending);
      if (call.isAwaited || call.kind === 'regenerate') await ending;
      if (call.kind === 'regenerate') current = req.session;
    }
    if (plan.holds.has(plan.calls.length)) {
      await Promise.all(open);
      await plan.hold();
    }
    return { done: true };
  };
}

async function perform(op: Op, session: AnySession): Promise<string> {
  try {
    return (await act(op, session)) ?? 'done';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'SESSION_ENDED') return code;
    throw error;
  }
}

function act(op: Op, session: AnySession): Promise<string | void> | undefined {
  switch (op.kind) {
    case 'set':
      session[op.key] = op.value;
      return undefined;
    case 'remove':
      Reflect.deleteProperty(session, op.key);
      return undefined;
    case 'increment':
      return session.update((s) => String((s.count = Number(s.count ?? 0) + 1)));
    case 'login':
      return session.login(op.user, op.keep ? { keep: op.keep as readonly SessionKey[] } : {});
    case 'save':
    case 'rotate':
    case 'reload':
    case 'regenerate':
    case 'logout':
    case 'destroy':
      return session[op.kind]();
  }
}
