import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../support/client.js';
import type { Site } from '../../support/site.js';

/** What a visitor's session holds. */
interface Content {
  readonly userId: string | null;
  readonly n: number | null;
}

const EMPTY: Content = { userId: null, n: null };

/** A change that was answered with success, and is not there any more. */
export interface Undone {
  readonly handle: string;
  /** What the session may have held: more than one after a change that was answered with 503. Nothing, where it had ended. */
  readonly expected: readonly (Content | null)[];
}

interface Answered {
  readonly found: Content;
  readonly handle: string;
}

interface Ended {
  readonly client: Client;
  readonly handle: string;
}

/** Visitors who sign in, change their session and sign out, without a pause, and remember what they were told. */
export class Traffic {
  /** How often each status was answered. */
  readonly statuses: Record<number, number> = {};
  readonly undone: Undone[] = [];
  /** Changes that were answered with 503: they may have been made or not. */
  unsure = 0;
  #isOver = false;
  #hasFailed = false;
  readonly #visitors: Promise<void>[];
  readonly #ended: Ended[] = [];

  constructor(
    private readonly site: Site,
    visitors = 16,
  ) {
    site.handle('enter', async ({ session, body }) => {
      await session.login(body.userId as string);
      return { handle: session.handle };
    });
    site.handle('step', ({ session, body }) => {
      const found = { userId: session.userId ?? null, n: (session.n as number | undefined) ?? null };
      if (body.n !== undefined) session.n = body.n;
      return { found, handle: session.handle };
    });
    this.#visitors = Array.from({ length: visitors }, (_, index) => this.#visit(`user-${index}`));
    for (const visitor of this.#visitors) visitor.catch(() => (this.#hasFailed = true)); // stop() rejects with it
  }

  get requests(): number {
    return Object.values(this.statuses).reduce((sum, count) => sum + count, 0);
  }

  /** Waits for so many more requests. */
  async more(requests: number): Promise<void> {
    const end = this.requests + requests;
    while (this.requests < end && !this.#hasFailed) await sleep(10);
  }

  /** Waits for the answers on their way, and looks at what has ended. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#visitors);
    for (const { client, handle } of this.#ended) {
      const answer = await client.post('/run/step', {});
      if (answer.status !== 200) throw new Error(`It still answers ${answer.status}: ${answer.text}`);
      if (answer.body.found.userId !== null) this.undone.push({ handle, expected: [null] });
    }
  }

  async #visit(userId: string): Promise<void> {
    for (let round = 0; !this.#isOver; round++) await this.#stay(this.site.client(), userId);
  }

  /** One session, from login to logout, or until it is not known which id it has. */
  async #stay(client: Client, userId: string): Promise<void> {
    const entered = await this.#ask(client, 'enter', { userId });
    if (entered === undefined) return;
    let handle = entered.handle;
    let possible: Content[] = [{ userId, n: null }];
    for (let n = 1; n <= 8 && !this.#isOver; n++) {
      const answer = await this.#ask(client, 'step', { n });
      if (answer === undefined) {
        possible.push(...possible.map((content) => ({ ...content, n })));
        continue;
      }
      const { found } = answer;
      if (!possible.some((one) => one.userId === found.userId && one.n === found.n)) {
        this.undone.push({ handle, expected: possible });
        return;
      }
      possible = [{ ...found, n }];
      handle = answer.handle;
    }
    const copy = client.copy();
    if ((await this.#ask(client, 'logout', {})) !== undefined) this.#ended.push({ client: copy, handle });
  }

  /** The answer, undefined for 503. @throws Error for any other failure */
  async #ask(client: Client, name: string, body: object): Promise<Answered | undefined> {
    const { status, body: answer, text } = await client.post(`/run/${name}`, body);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status === 200) return (answer as Answered | undefined) ?? { found: EMPTY, handle: '' };
    if (status !== 503) throw new Error(`${name} was answered with ${status}: ${text}`);
    this.unsure++;
    return undefined;
  }
}

/** Waits until the site has answered 503, and then with success again; answers how long it did not. */
export async function outageOf(site: Site, begin: () => Promise<unknown>): Promise<number> {
  await begin();
  const begun = performance.now();
  let fell = false;
  for (;;) {
    const { status } = await site.client().post('/run/enter', { userId: 'prober' });
    const passed = performance.now() - begun;
    if (status === 503) fell = true;
    else if (fell || passed > 10_000) return passed;
    if (passed > 60_000) throw new Error('The site did not recover in a minute.');
  }
}
