import { createRequire } from 'node:module';
import type {
  ExpressSessionStore,
  StoreAnswer,
} from '../../../../lib/stores/express/express-session-store.js';

export type StoreMethod = 'get' | 'set' | 'destroy' | 'touch';

/** A row as a test looks at it. */
export interface Row {
  cookie: Record<string, unknown> & { nestSession?: Record<string, unknown> };
  [key: string]: unknown;
}

const { Store } = createRequire(import.meta.url)('express-session') as { Store: new () => object };

/** A store for express-session whose rows, calls and answers are in the hands of the test. Rows are JSON text. */
export class RowStore extends Store implements Required<ExpressSessionStore> {
  readonly texts = new Map<string, string>();
  /** Every call: its method and its key. */
  readonly calls: [method: StoreMethod, id: string][] = [];
  /** Runs before a call does its work: a promise holds it, an error fails it. */
  before: (method: StoreMethod, id: string) => unknown = () => undefined;

  get = (id: string, done: StoreAnswer): void => {
    this.#call('get', id, done, () => this.row(id));
  };

  set = (id: string, session: never, done?: StoreAnswer): void => {
    const text = JSON.stringify(session);
    this.#call('set', id, done, () => void this.texts.set(id, text));
  };

  destroy = (id: string, done?: StoreAnswer): void => {
    this.#call('destroy', id, done, () => void this.texts.delete(id));
  };

  touch = (id: string, { cookie }: { cookie: unknown }, done?: StoreAnswer): void => {
    this.#call('touch', id, done, () => {
      const row = this.row(id);
      if (row) this.texts.set(id, JSON.stringify({ ...row, cookie }));
    });
  };

  /** The row under an id, or the only one there is. */
  row(id = [...this.texts.keys()][0]): Row | undefined {
    const text = this.texts.get(id!);
    return text === undefined ? undefined : (JSON.parse(text) as Row);
  }

  /** Changes the row under an id, or the only one there is, as somebody else would. */
  edit(change: (row: Row) => unknown, id = [...this.texts.keys()][0]!): void {
    const row = this.row(id)!;
    this.texts.set(id, JSON.stringify(change(row) ?? row));
  }

  /** How often a method was called. */
  count(method: StoreMethod): number {
    return this.calls.filter(([called]) => called === method).length;
  }

  #call(method: StoreMethod, id: string, done: StoreAnswer | undefined, work: () => unknown): void {
    this.calls.push([method, id]);
    const run = async (): Promise<unknown> => {
      await this.before(method, id);
      return work();
    };
    run().then(
      (value) => done?.(null, value),
      (error: unknown) => done?.(error),
    );
  }
}
