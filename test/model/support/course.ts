import type { Site } from '../../support/site.js';
import { keyOf } from '../../support/ids.js';
import { CLIENTS, type Command, type Revoke, type Visit } from './commands.js';
import type { Answer, Driver, Part, Pending } from './driver.js';
import { beginSweep, count, endAll, endOne, finishSweep, revoke, sweep } from './ends.js';
import { explore, type Step } from './explore.js';
import { begin, call, commit, type Seen, sorted } from './request.js';
import {
  type Circumstances,
  EMPTY,
  hasLostSession,
  livingRows,
  type Rules,
  told,
  type World,
} from './world.js';

interface InFlight {
  readonly n: number;
  readonly visit: Visit;
  readonly pending: Pending;
  /** How many of its calls are over. */
  done: number;
}

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
  readonly #jars: (string | undefined)[] = Array.from({ length: CLIENTS }, () => undefined);
  readonly #ids: string[] = [];
  #worlds: World[] = [EMPTY];
  readonly #flights: InFlight[] = [];
  /** Cookies that are under way to their browsers. */
  readonly #onTheirWay: { readonly client: number; readonly id: string | undefined }[] = [];
  /** Every request that was ever held, so that none is left hanging. */
  readonly #begun: Pending[] = [];
  #next = 1;

  constructor(
    private readonly driver: Driver,
    private readonly sites: readonly Site[],
    private readonly clock: Clock,
    private readonly rules: Rules,
  ) {}

  /** Lets everything happen, and at the end looks at every id there ever was. */
  async run(commands: readonly Command[]): Promise<void> {
    try {
      for (const command of commands) await this.#happens(command);
      while (this.#flights.length > 0) await this.#serializingOnce(this.#take(0, 1), []);
      await this.#count(0);
      for (const id of this.#ids)
        await this.#visits({ client: -1, instance: 0, calls: [], isLate: false }, id);
    } catch (error) {
      const text = `${this.#lines.join('\n')}\n${error instanceof Error ? error.message : String(error)}`;
      throw new Error(text, { cause: error });
    } finally {
      await Promise.allSettled(this.#begun.map((pending) => pending.finish()));
    }
  }

  async #happens(command: Command): Promise<void> {
    switch (command.do) {
      case 'visit':
        return this.#visits(command, this.#jars[command.client]);
      case 'begin':
        return this.#begins(command, command.pause);
      case 'goOn':
        return this.#serializingOnce(this.#take(command.which, command.serializingOnce), []);
      case 'burst':
        return this.#serializingOnce(this.#take(0, command.goOn), command.visits, command.revokes);
      case 'deliver':
        return this.#deliver(command.which);
      case 'wait':
        this.clock.now += command.milliseconds;
        return this.#say(`${command.milliseconds / 1000} s pass`);
      case 'copy':
        this.#jars[command.to] = this.#jars[command.from];
        return this.#say(
          `client ${command.to} has the cookie of client ${command.from}: ${this.#holds(command.to)}`,
        );
      case 'old':
        if (this.#ids.length === 0) return;
        this.#jars[command.client] = this.#ids[command.which % this.#ids.length];
        return this.#say(`client ${command.client} has an old cookie: ${this.#holds(command.client)}`);
      case 'prune':
        this.#say(`prune on ${at(command.instance)}`);
        await this.sites[command.instance]!.sessions.prune();
        return;
      case 'count':
        return this.#count(command.instance);
      case 'list':
        return this.#list(command);
      case 'revokeAll':
        return this.#serializingOnce([], [], [command]);
      case 'revoke':
        return this.#revoke(command, command.which);
    }
  }

  #circumstances(isRace = false): Circumstances {
    return { rules: this.rules, now: this.clock.now, isRace };
  }

  async #visits(visit: Visit, id: string | undefined): Promise<void> {
    const script = await this.#comes(visit, id, this.#next++, this.#circumstances());
    this.#observe([script]);
  }

  /** A request from beginning to end; what it went through. */
  async #comes(visit: Visit, id: string | undefined, n: number, at_: Circumstances): Promise<Step[]> {
    this.#say(`${this.#who(n, visit, id)}: ${JSON.stringify(visit.calls)}`);
    const pending = this.driver.open(visit.instance, id, visit.calls);
    const part = await pending.begin();
    const { seen } = pending.plan;
    this.#tell(n, visit, part, seen);
    return [this.#beginning(at_, n, id, seen), ...this.#passing(at_, n, visit, 0, part)];
  }

  /** A request begins, and waits before its first call, and once more. */
  async #begins(visit: Visit, pause: number): Promise<void> {
    if (this.#flights.length >= 5) return;
    const n = this.#next++;
    const id = this.#jars[visit.client];
    const again = Math.min(pause, visit.calls.length);
    this.#say(`${this.#who(n, visit, id)} begins: ${JSON.stringify(visit.calls)}, pausing before ${again}`);
    const pending = this.driver.open(visit.instance, id, visit.calls, [0, again]);
    this.#begun.push(pending);
    await pending.begin();
    const { seen } = pending.plan;
    this.#say(`   saw ${seen ? JSON.stringify(seen.data) : 'a new session'}`);
    this.#flights.push({ n, visit, pending, done: 0 });
    this.#observe([[this.#beginning(this.#circumstances(), n, id, seen)]]);
  }

  #take(which: number, amount: number): InFlight[] {
    if (this.#flights.length === 0) return [];
    return this.#flights.splice(which % this.#flights.length, amount);
  }

  /** Requests that were waiting go on, others come, and sessions are ended, all at the same time. */
  async #serializingOnce(
    going: readonly InFlight[],
    visits: readonly Visit[],
    revokes: readonly Revoke[] = [],
  ): Promise<void> {
    if (going.length > 0) this.#say(`at once: ${going.map(({ n }) => `request ${n} goes on`).join(', ')}`);
    const circumstances = this.#circumstances(going.length + visits.length + revokes.length > 1);
    const scripts = await Promise.all([
      ...going.map(async (flight): Promise<Step[]> => {
        const { n, visit, pending, done } = flight;
        const part = await pending.goOn();
        this.#tell(n, visit, part);
        flight.done += part.results.length;
        if (part.answer === undefined) this.#flights.push(flight);
        return this.#passing(circumstances, n, visit, done, part);
      }),
      ...visits.map((visit) => this.#comes(visit, this.#jars[visit.client], this.#next++, circumstances)),
      ...revokes.map(async ({ instance, user }): Promise<Step[]> => {
        const n = this.#next++;
        this.#say(`all sessions of ${user} are revoked on ${at(instance)}`);
        const ended = await this.sites[instance]!.sessions.revokeAll(user);
        this.#say(`   ${ended} sessions of ${user} were revoked`);
        return [
          (world) => beginSweep(world, n, user),
          ...(circumstances.isRace
            ? [(world: World) => sweep(world, n), (world: World) => sweep(world, n)]
            : []),
          (world) => finishSweep(world, n, ended, circumstances.now),
        ];
      }),
    ]);
    this.#observe(scripts);
  }

  async #revoke({ instance, user }: Revoke, which: number): Promise<void> {
    if (this.#ids.length === 0) return;
    const key = keyOf(this.#ids[which % this.#ids.length]!);
    const wasEnded = await this.sites[instance]!.sessions.revoke(key, { userId: user });
    this.#say(
      `the session of ${this.#name(this.#ids[which % this.#ids.length]!)} is revoked for ${user}: ${wasEnded}`,
    );
    this.#observe([[(world) => revoke(world, key, user, wasEnded, this.clock.now)]]);
  }

  async #count(instance: number): Promise<void> {
    const counted = await this.sites[instance]!.sessions.count();
    this.#say(`${at(instance)} counts ${counted} sessions`);
    this.#rule((world) => livingRows(world, this.clock.now).length === counted);
  }

  async #list({ instance, user }: Revoke): Promise<void> {
    const listed = (await this.sites[instance]!.sessions.list(user)).map(({ handle }) => handle);
    this.#say(`${at(instance)} lists for ${user}: ${listed.join(', ') || 'nothing'}`);
    if (listed.length > (this.rules.cap ?? Infinity)) throw new Error('These are too many.');
    this.#rule((world) => {
      const rows = livingRows(world, this.clock.now, user);
      return (
        rows.length === listed.length &&
        rows.every(([, { key }]) => key === undefined || listed.includes(key))
      );
    });
  }

  #deliver(which: number): void {
    const [cookie] = this.#onTheirWay.splice(which % Math.max(this.#onTheirWay.length, 1), 1);
    if (cookie === undefined) return;
    this.#jars[cookie.client] = cookie.id;
    this.#say(`client ${cookie.client} is told late: ${this.#holds(cookie.client)}`);
  }

  #beginning(circumstances: Circumstances, n: number, id: string | undefined, seen: Seen): Step {
    return (world) => {
      const { seen: expected, world: after } = begin(circumstances, world, n, id);
      const isSame =
        expected === undefined ? seen === undefined : seen !== undefined && isAlike(expected, seen);
      return isSame ? [after] : [];
    };
  }

  /** A part of a request that waited, or all of one that did not. */
  #passing(circumstances: Circumstances, n: number, visit: Visit, from: number, part: Part): Step[] {
    const steps = part.results.flatMap((result, index): Step[] => {
      const op = visit.calls[from + index]!;
      const calling: Step = (world) =>
        call(circumstances, world, n, op).flatMap((outcome) =>
          outcome.result === result ? [outcome.world] : [],
        );
      if (op.kind !== 'login' || this.rules.cap === undefined) return [calling];
      return [
        calling,
        (world) => count(circumstances, world, n),
        (world) => endOne(world, n),
        (world) => endAll(world, n),
      ];
    });
    const { answer } = part;
    return answer === undefined ? steps : [...steps, this.#answering(circumstances, n, answer)];
  }

  #answering(circumstances: Circumstances, n: number, { cookie, id }: Answer): Step {
    return (world) =>
      commit(circumstances, world, n).flatMap((ending) => {
        if (ending.cookie !== cookie) return [];
        if (id === undefined) return [ending.world];
        return told(ending.world, ending.row, ending.gen, id, keyOf(id)) ?? [];
      });
  }

  #tell(n: number, visit: Visit, { results, answer }: Part, seen?: Seen): void {
    const saw = seen ? ` saw ${JSON.stringify(seen.data)},` : '';
    if (answer === undefined) return this.#say(`   request ${n}${saw} got ${results.join(', ')}, and waits`);
    const { cookie, id } = answer;
    if (id !== undefined && !this.#ids.includes(id)) this.#ids.push(id);
    const cookies = {
      none: 'no cookie',
      clear: 'an expired cookie',
      set: `the cookie ${this.#name(id ?? '')}`,
    };
    this.#say(`   request ${n}${saw} got ${[...results, cookies[cookie]].join(', ')}`);
    if (visit.client < 0 || cookie === 'none') return;
    if (visit.isLate) this.#onTheirWay.push({ client: visit.client, id });
    else this.#jars[visit.client] = id;
  }

  /** Keeps the worlds in which what was seen could have happened, in some order of the steps. */
  #observe(scripts: readonly (readonly Step[])[]): void {
    const before = this.#worlds;
    this.#worlds = explore(before, scripts).filter((world) => !hasLostSession(world, this.clock.now));
    if (this.#worlds.length > 500) throw new Error('Nobody can say any more what has happened.');
    if (this.#worlds.length === 0)
      throw new Error(`This should not have happened. ${this.#described(before)}`);
  }

  #rule(isSo: (world: World) => boolean): void {
    const before = this.#worlds;
    this.#worlds = before.filter(isSo);
    if (this.#worlds.length === 0) throw new Error(`This is not so. ${this.#described(before)}`);
  }

  #described(worlds: readonly World[]): string {
    const text = worlds
      .slice(0, 3)
      .map(({ rows, flights }) => `sessions ${lines(rows)}\nrequests ${lines(flights)}`)
      .join('\nor ');
    return `There was: ${this.#ids.reduce((named, id) => named.replaceAll(id, this.#name(id)), text)}`;
  }

  #say(line: string): void {
    this.#lines.push(line);
  }

  #who(n: number, { client, instance }: Visit, id: string | undefined): string {
    return `request ${n} of client ${client} with ${id === undefined ? 'no cookie' : this.#name(id)} on ${at(instance)}`;
  }

  #holds(client: number): string {
    const id = this.#jars[client];
    return id === undefined ? 'none' : this.#name(id);
  }

  #name(id: string): string {
    const index = this.#ids.indexOf(id);
    return index < 0 ? id : `id${index + 1}`;
  }
}

function isAlike(one: NonNullable<Seen>, other: NonNullable<Seen>): boolean {
  return one.handle === other.handle && sorted(one.data) === sorted(other.data);
}

function lines(things: object): string {
  return Object.entries(things)
    .map(([name, thing]) => `\n  ${name}: ${JSON.stringify(thing)}`)
    .join('');
}

function at(instance: number): string {
  return `instance ${'ABC'[instance]}`;
}
