import { jest } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import type pg from 'pg';
import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { SessionEntity } from '../../../../../lib/stores/typeorm/index.js';

/** Opens a `DataSource` with the session's entity. */
export async function connect(
  url: string,
  options: Partial<Extract<DataSourceOptions, { type: 'postgres' }>> = {},
): Promise<DataSource> {
  const dataSource = new DataSource({ type: 'postgres', url, entities: [SessionEntity], ...options });
  return dataSource.initialize();
}

/** The pool that a `DataSource` hands its statements to. */
export function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as unknown as { master: pg.Pool }).master;
}

/** Notes every statement that goes to the pool, and tells of those that fail. */
export function watchStatements(
  dataSource: DataSource,
  onError?: (error: unknown) => void,
): { readonly sent: pg.QueryConfig[] } {
  const sent: pg.QueryConfig[] = [];
  answerStatements(dataSource, (config, send) => {
    sent.push(config as pg.QueryConfig);
    const answer = send(config);
    if (onError !== undefined) answer.catch(onError);
    return answer;
  });
  return { sent };
}

type Send = (config: unknown) => Promise<unknown>;

/** Answers statements in place of the pool, which is `send`; `count` is how many there were, this one included. */
export function answerStatements(
  dataSource: DataSource,
  answer: (config: unknown, send: Send, count: number) => Promise<unknown>,
): { readonly count: number } {
  const pool = poolOf(dataSource) as unknown as { query: Send };
  const send = pool.query.bind(pool);
  const answered = { count: 0 };
  jest.spyOn(pool, 'query').mockImplementation((config) => answer(config, send, ++answered.count));
  return answered;
}

/** Waits for something that other connections do. */
export async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It did not happen that ${what}.`);
    await setImmediate();
  }
}

/** Calls `prune` until there is nothing left. */
export async function pruneAll(store: {
  prune(now: number, limit: number): Promise<number>;
}): Promise<number> {
  let total = 0;
  for (let removed = 1; removed > 0; total += removed) removed = await store.prune(Date.now(), 250);
  return total;
}

/** Keeps all that TypeORM has to say. */
export class Capture implements Logger {
  readonly lines: string[] = [];
  readonly #keep = (...parts: unknown[]): void => {
    this.lines.push(inspect(parts, { depth: 5 }));
  };
  logQuery = this.#keep;
  logQueryError = this.#keep;
  logQuerySlow = this.#keep;
  logSchemaBuild = this.#keep;
  logMigration = this.#keep;
  log = this.#keep;
}
