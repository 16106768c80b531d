import { setTimeout } from 'node:timers/promises';
import type { Answer, Client } from '../../support/client.js';

/** Between two visits, in milliseconds: what starts meanwhile needs the processor as well. */
const PAUSE = 50;

/** Visitors that come, sign in, look around, sign out and come again, each watching what becomes of its session. */
export class Crowd {
  /** What somebody was not given as it should be. */
  readonly complaints: string[] = [];
  /** How many visits were made, from signing in to signing out. */
  rounds = 0;
  #isOpen = true;
  #notice: () => void = () => undefined;
  readonly #done: Promise<unknown>;

  /** Begins; resolves when there were as many visits as there are visitors, or something is wrong. */
  static async begin(visitor: () => Promise<Client>, size: number): Promise<Crowd> {
    const crowd = new Crowd(visitor, size);
    while (crowd.rounds < size && crowd.complaints.length === 0)
      await new Promise<void>((resolve) => (crowd.#notice = resolve));
    return crowd;
  }

  private constructor(visitor: () => Promise<Client>, size: number) {
    this.#done = Promise.all(
      Array.from({ length: size }, async (_, index) => {
        for (let turn = 0; this.#isOpen; turn++)
          await this.#visit(await visitor(), `visitor ${index}.${turn}`).then(() => setTimeout(PAUSE));
      }),
    );
  }

  /** Ends it, when everybody has signed out. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    await this.#done;
  }

  async #visit(client: Client, name: string): Promise<void> {
    const expect = async (what: string, asked: Promise<Answer>, isRight: (answer: Answer) => boolean) => {
      try {
        const answer = await asked;
        if (!isRight(answer)) this.complaints.push(`${name}: ${what}: ${answer.status} ${answer.text}`);
      } catch (error) {
        this.complaints.push(`${name}: ${what}: ${String((error as Error).cause ?? error)}`);
      }
    };
    const knows = ({ body }: Answer): boolean => body?.name === name;
    await expect('sign in', client.post('/sign-in', { name }), ({ status }) => status === 204);
    for (let count = 1; count <= 3; count++) {
      await expect('a visit', client.post('/visits'), ({ body }) => body?.visits === count);
      await expect('the account', client.get('/account'), knows);
    }
    const old = client.copy();
    old.headers.connection = 'close';
    await expect('sign out', client.post('/sign-out'), ({ status }) => status === 204);
    await expect('signed out', old.get('/account'), ({ status }) => status === 401);
    this.rounds++;
    this.#notice();
  }
}
