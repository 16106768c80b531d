import { setTimeout as delay } from 'node:timers/promises';
import type { Vitals } from '../app/messages.js';
import type { SoakAnswer } from '../app/soak.controller.js';
import type { Bench, Site } from '../bench.js';
import { type Connection, cookieOf } from '../load/connection.js';
import { pacedLatencies } from '../load/paced.js';
import { requestOf } from '../load/traffic.js';
import { figureOf, percentile } from '../measure/statistics.js';
import { table } from '../report/table.js';
import { SOAK } from '../variants.js';

/** What visitors do, and how often in a hundred. A visitor without a session logs in; one who leaves lets it expire. */
const ACTIONS = { read: 66, change: 22, renew: 4, logout: 4, leave: 4 } as const;

/** 401: the session expired after the request had read it, and before the request changed it. */
const ANSWERS = /^HTTP\/1.1 (200|401) /;

/** A minute of one application. */
interface Minute extends Vitals {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** What came of one variant: every minute, and how often each thing was done. */
export interface SoakResult {
  readonly variant: string;
  readonly title: string;
  readonly minutes: readonly Minute[];
  readonly done: Readonly<Record<string, number>>;
}

/** Logins, renewals, logouts and expiry at `--rate` in all, for `--minutes`: nothing may grow. */
export async function measureSoak(bench: Bench, say: (line: string) => void): Promise<SoakResult[]> {
  const { minutes, smoke } = bench.options;
  const variants = smoke ? SOAK.slice(0, 1) : SOAK;
  const rate = bench.options.rate / variants.length;
  return bench.visit(variants, async (sites) => {
    const runs = sites.map((site) => ({ site, crowd: new Crowd(site.cookies), minutes: [] as Minute[] }));
    for (let minute = 1; minute <= minutes; minute += 1) {
      await Promise.all(
        runs.map(async (run) =>
          run.minutes.push(await measureMinute(run.site, run.crowd, rate, smoke ? 1 : 60)),
        ),
      );
      say(`minute ${minute} of ${minutes}: ${runs.map((run) => lineOf(run.minutes.at(-1)!)).join(' | ')}`);
    }
    return runs.map(({ site: { variant }, crowd, minutes }) => ({
      variant: variant.name,
      title: variant.title,
      minutes,
      done: crowd.done,
    }));
  });
}

async function measureMinute({ app }: Site, crowd: Crowd, rate: number, seconds: number): Promise<Minute> {
  const pace = { rate, seconds, connections: 16 };
  const latencies = await pacedLatencies(app.port, (connection) => crowd.act(connection), pace);
  await delay(500); // until the application has seen its connections close
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => percentile(latencies, share));
  return { p50: p50!, p99: p99!, p999: p999!, ...(await app.vitals()) };
}

function lineOf({ heap, handles, p50, p99 }: Minute): string {
  return `heap ${megabytes(heap)} MB, ${handles} handles, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}

/** Visitors who do one thing at a time each. */
class Crowd {
  readonly done: Record<string, number> = { login: 0, expired: 0 };
  readonly #idle: (string | undefined)[];

  constructor(cookies: readonly string[]) {
    this.#idle = [...cookies];
  }

  async act(connection: Connection): Promise<void> {
    const [cookie] = this.#idle.splice(Math.floor(Math.random() * this.#idle.length), 1);
    this.#idle.push(await this.#cookieAfter(connection, cookie));
  }

  async #cookieAfter(connection: Connection, cookie: string | undefined): Promise<string | undefined> {
    const action = cookie === undefined ? 'login' : anyAction();
    this.done[action] = (this.done[action] ?? 0) + 1;
    // Who leaves comes back as somebody else.
    const [path, sent] = action === 'leave' ? (['login', undefined] as const) : ([action, cookie] as const);
    const request = requestOf(path === 'read' ? 'GET' : 'POST', `/${path}`, sent);
    const answered = await connection.ask(request, ANSWERS);
    const { here = false } = JSON.parse(answered.body) as Partial<SoakAnswer>;
    if (!here && action !== 'logout') this.done.expired! += 1;
    return here ? (cookieOf(answered) ?? sent) : undefined;
  }
}

function anyAction(): keyof typeof ACTIONS {
  let left = Math.random() * 100;
  for (const [action, share] of Object.entries(ACTIONS)) {
    left -= share;
    if (left < 0) return action as keyof typeof ACTIONS;
  }
  return 'read';
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const HEAD = ['', 'minutes', 'heap MB', 'resident MB', 'handles', 'p50 ms', 'p99 ms', 'p99.9 ms'];

/** One line for each third of the run, as medians: between the second and the last, nothing should have grown. */
export function soakTable(results: readonly SoakResult[]): string {
  const rows = results.flatMap(({ title, minutes }) =>
    [0, 1, 2].flatMap((third) => {
      const [from, to] = [third, third + 1].map((part) => Math.round((part * minutes.length) / 3)) as [
        number,
        number,
      ];
      const some = minutes.slice(from, to);
      if (some.length === 0) return [];
      const middle = (name: keyof Minute): number => figureOf(some.map((minute) => minute[name])).median;
      return [
        [
          title,
          `${from + 1}–${to}`,
          megabytes(middle('heap')),
          megabytes(middle('resident')),
          middle('handles').toFixed(0),
          ...(['p50', 'p99', 'p999'] as const).map((name) => middle(name).toFixed(2)),
        ],
      ];
    }),
  );
  const done = results.map(
    ({ title, done }) =>
      `${title}: ${Object.entries(done)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
  );
  return `soak\n${table(HEAD, rows)}\n${done.join('\n')}`;
}
