import { createHash } from 'node:crypto';
import type { Site } from '../../support/site.js';
import { CLIENTS, type Command, type Visit } from './commands.js';
import type { Answer, Driver, Pending } from './driver.js';
import { begin, EMPTY, finish, hasSecretId, revoke, type Seen, sessionsOf, type World } from './model.js';

interface InFlight {
  readonly n: number;
  readonly visit: Visit;
  readonly pending: Pending;
}

type Step = (world: World) => World[];

/** The clock of all instances: it stands still until it is moved. */
export interface Clock {
  now: number;
}

/**
 * A course of events, as it happens to the application and as it should be. What cannot be known for sure (who was
 * first of two at the same time) is kept as several worlds; what is observed rules out all but those that explain it.
 */
export class Course {
  readonly #lines: string[] = [];
  readonly #cookies: (string | undefined)[] = Array.from({ length: CLIENTS }, () => undefined);
  readonly #ids: string[] = [];
  #worlds: World[] = [EMPTY];
  #flights: InFlight[] = [];
  /** Every request that was ever held, so that none is left hanging. */
  readonly #begun: Pending[] = [];
  #next = 1;

  constructor(
    private readonly driver: Driver,
    private readonly sites: readonly Site[],
    private readonly clock: Clock,
  ) {}

  /** What happened so far, for a person to read. */
  get text(): string {
    return this.#lines.join('\n');
  }

  /** Lets everything happen, and at the end looks at every id there ever was. */
  async run(commands: readonly Command[]): Promise<void> {
    try {
      for (const command of commands) await this.#happens(command);
      while (this.#flights.length > 0) await this.#finish(0, 1);
      await this.#count(0);
      for (const id of this.#ids) await this.#visits({ client: -1, instance: 0, op: { kind: 'read' } }, id);
    } catch (error) {
      throw new Error(`${this.text}\n${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      await Promise.allSettled(this.#begun.map((pending) => pending.finish()));
    }
  }

  async #happens(command: Command): Promise<void> {
    switch (command.do) {
      case 'visit':
        return this.#visits(command, this.#cookies[command.client]);
      case 'begin':
        return this.#begins(command);
      case 'finish':
        return this.#finish(command.which, command.atOnce);
      case 'burst':
        return this.#atOnce(this.#take(0, command.finish), command.visits);
      case 'wait':
        this.clock.now += command.milliseconds;
        return this.#say(`${command.milliseconds / 1000} s pass`);
      case 'copy':
        this.#cookies[command.to] = this.#cookies[command.from];
        return this.#say(
          `client ${command.to} has the cookie of client ${command.from}: ${this.#holds(command.to)}`,
        );
      case 'old': {
        if (this.#ids.length === 0) return;
        this.#cookies[command.client] = this.#ids[command.which % this.#ids.length];
        return this.#say(`client ${command.client} has an old cookie: ${this.#holds(command.client)}`);
      }
      case 'prune':
        this.#say(`prune on ${at(command.instance)}`);
        await this.sites[command.instance]!.sessions.prune();
        return;
      case 'count':
        return this.#count(command.instance);
      case 'list':
        return this.#list(command.instance, command.user);
      case 'revoke':
        this.#say(`all sessions of ${command.user} are revoked on ${at(command.instance)}`);
        await this.sites[command.instance]!.sessions.revokeAll(command.user);
        this.#worlds = this.#worlds.map((world) => revoke(world, command.user));
        return;
    }
  }

  async #visits(visit: Visit, id: string | undefined): Promise<void> {
    const n = this.#next++;
    this.#say(`${this.#who(n, visit, id)}: ${JSON.stringify(visit.op)}`);
    const cookie = this.driver.cookieFor(id);
    const answer = await this.driver.request(visit.instance, cookie, { op: visit.op, gate: undefined });
    this.#answered(n, visit, answer);
    this.#observe([[this.#beginning(n, id, answer.seen), this.#ending(n, visit, answer)]], (world) =>
      begin(world, n, id, this.clock.now).flatMap(({ shape: saw, next }) =>
        finish(next(''), n, visit.op, this.clock.now).map(({ shape }) => ({ saw, ...shape })),
      ),
    );
  }

  async #begins(visit: Visit): Promise<void> {
    if (this.#flights.length >= 6) return;
    const n = this.#next++;
    const id = this.#cookies[visit.client];
    this.#say(`${this.#who(n, visit, id)} begins: ${JSON.stringify(visit.op)}`);
    const pending = await this.driver.begin(visit.instance, this.driver.cookieFor(id), visit.op);
    this.#say(`   saw ${JSON.stringify(pending.seen) ?? 'a new session'}`);
    this.#begun.push(pending);
    this.#flights.push({ n, visit, pending });
    this.#observe([[this.#beginning(n, id, pending.seen)]]);
  }

  #take(which: number, amount: number): InFlight[] {
    if (this.#flights.length === 0) return [];
    return this.#flights.splice(which % this.#flights.length, amount);
  }

  async #finish(which: number, amount: number): Promise<void> {
    const ending = this.#take(which, amount);
    if (ending.length > 0) await this.#atOnce(ending, []);
  }

  /** Requests that were waiting end, and others come, all at the same time. */
  async #atOnce(ending: readonly InFlight[], visits: readonly Visit[]): Promise<void> {
    if (ending.length > 0) this.#say(`at once: ${ending.map(({ n }) => `request ${n} goes on`).join(', ')}`);
    const coming = visits.map((visit) => ({ n: this.#next++, visit, id: this.#cookies[visit.client] }));
    for (const { n, visit, id } of coming)
      this.#say(`at once: ${this.#who(n, visit, id)}: ${JSON.stringify(visit.op)}`);
    const scripts = await Promise.all([
      ...ending.map(async ({ n, visit, pending }) => {
        const answer = await pending.finish();
        this.#answered(n, visit, answer);
        return [this.#ending(n, visit, answer, ending.length + visits.length > 1)];
      }),
      ...coming.map(async ({ n, visit, id }) => {
        const cookie = this.driver.cookieFor(id);
        const answer = await this.driver.request(visit.instance, cookie, { op: visit.op, gate: undefined });
        this.#answered(n, visit, answer);
        return [this.#beginning(n, id, answer.seen), this.#ending(n, visit, answer, true)];
      }),
    ]);
    this.#observe(scripts);
  }

  async #count(instance: number): Promise<void> {
    const count = await this.sites[instance]!.sessions.count();
    this.#say(`${at(instance)} counts ${count} sessions`);
    this.#rule((world) => {
      const { surely, perhaps } = sessionsOf(world, this.clock.now);
      return count >= surely.length && count <= surely.length + perhaps.length;
    });
  }

  async #list(instance: number, user: string): Promise<void> {
    const listed = (await this.sites[instance]!.sessions.list(user)).map(({ handle }) => handle);
    const known = listed.map((handle) => this.#ids.find((id) => handleOf(id) === handle) ?? handle);
    this.#say(
      `${at(instance)} lists for ${user}: ${known.map((id) => this.#name(id)).join(', ') || 'nothing'}`,
    );
    this.#rule((world) => {
      const { surely, perhaps } = sessionsOf(world, this.clock.now, user);
      return (
        surely.every((id) => known.includes(id)) && known.every((id) => [...surely, ...perhaps].includes(id))
      );
    });
  }

  #beginning(n: number, id: string | undefined, seen: Seen): Step {
    const shape = canonical(seen);
    return (world) =>
      begin(world, n, id, this.clock.now)
        .filter((candidate) => canonical(candidate.shape) === shape)
        .map(({ next }) => next(''));
  }

  /** At the same time as others, a new cookie may be out of date before it is sent: then it is not. */
  #ending(n: number, { op }: Visit, answer: Answer, isRace = false): Step {
    const { now } = this.clock;
    const isKept = isRace && answer.cookie === 'none';
    return (world) =>
      finish(world, n, op, now).flatMap(({ shape, next }) => {
        if (shape.result !== answer.result) return [];
        if (shape.cookie === answer.cookie) return [next(answer.id ?? '')];
        return isKept && shape.cookie === 'new' ? [next(`?${n}`)] : [];
      });
  }

  #answered(n: number, visit: Visit, answer: Answer): void {
    const { id, cookie, result, seen } = answer;
    if (id !== undefined) {
      if (this.#ids.includes(id))
        throw new Error(`Request ${n} was given the cookie ${this.#name(id)} again.`);
      this.#ids.push(id);
    }
    const told =
      cookie === 'new'
        ? `, and the cookie ${this.#name(id!)}`
        : cookie === 'clear'
          ? ', and no cookie any more'
          : '';
    this.#say(`   request ${n} saw ${JSON.stringify(seen) ?? 'a new session'}, is answered ${result}${told}`);
    if (visit.client >= 0 && cookie !== 'none') this.#cookies[visit.client] = id;
  }

  /** Keeps the worlds in which what was seen could have happened, in some order of the steps. */
  #observe(scripts: readonly (readonly Step[])[], expect?: (world: World) => unknown): void {
    const before = this.#worlds;
    const after = new Map<string, World>();
    for (const world of before) interleave(world, scripts, after);
    this.#worlds = [...after.values()].filter((world) => !hasSecretId(world));
    if (this.#worlds.length > 0) return;
    const known = before.slice(0, 3);
    const expected = expect
      ? `\nExpected: ${known.map((world) => JSON.stringify(expect(world))).join(' or ')}`
      : '';
    throw new Error(`This should not have happened.${expected}\n${this.#described(known)}`);
  }

  #described(worlds: readonly World[]): string {
    const one = worlds.map((world) => JSON.stringify(world, null, 1)).join('\nor ');
    return this.#named(`Before, there was ${one}`);
  }

  #rule(isSo: (world: World) => boolean): void {
    const before = this.#worlds;
    this.#worlds = before.filter(isSo);
    if (this.#worlds.length === 0)
      throw new Error(
        `This is not so. There is: ${this.#named(JSON.stringify(before.slice(0, 3), null, 1))}`,
      );
  }

  #say(line: string): void {
    this.#lines.push(line);
  }

  #who(n: number, { client, instance }: Visit, id: string | undefined): string {
    const who = client < 0 ? 'somebody' : `client ${client}`;
    return `request ${n} of ${who} with ${id === undefined ? 'no cookie' : this.#name(id)} on ${at(instance)}`;
  }

  #holds(client: number): string {
    const id = this.#cookies[client];
    return id === undefined ? 'none' : this.#name(id);
  }

  #name(id: string): string {
    const index = this.#ids.indexOf(id);
    return index < 0 ? id : `id${index + 1}`;
  }

  #named(text: string): string {
    return this.#ids.reduce((named, id) => named.replaceAll(id, this.#name(id)), text);
  }
}

/** Every order in which steps of several scripts can follow each other, each script in its own order. */
function interleave(world: World, scripts: readonly (readonly Step[])[], found: Map<string, World>): void {
  if (scripts.every((steps) => steps.length === 0)) {
    found.set(JSON.stringify(world), world);
    return;
  }
  scripts.forEach(([step, ...rest], index) => {
    if (step === undefined) return;
    for (const next of step(world)) interleave(next, scripts.with(index, rest), found);
  });
}

function canonical(seen: Seen): string {
  return seen === undefined
    ? 'new'
    : JSON.stringify(Object.entries(seen).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function at(instance: number): string {
  return `instance ${'AB'[instance]}`;
}

function handleOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
