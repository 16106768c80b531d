import type { Store } from './options-helpers.js';
import type { SessionFunction } from './peers.js';

/** A store as MemoryStore is, over rows that are looked at. */
export function storeOver(session: SessionFunction, rows: Map<string, string>, touches: boolean): Store {
  const { Store: Base } = session as unknown as { Store: new () => object };
  const alive = (id: string): { cookie: { expires?: string } } | undefined => {
    const row = JSON.parse(rows.get(id) ?? 'null') as { cookie: { expires?: string } } | null;
    if (row === null) return undefined;
    const { expires } = row.cookie;
    if (!expires || Date.parse(expires) > Date.now()) return row;
    rows.delete(id);
    return undefined;
  };
  const store: Store = {
    get: (id, callback) => void setImmediate(() => callback(null, alive(id))),
    set(id, data, callback) {
      rows.set(id, JSON.stringify(data));
      setImmediate(() => callback?.());
    },
    destroy(id, callback) {
      rows.delete(id);
      setImmediate(() => callback?.());
    },
  };
  if (touches) {
    store.touch = (id, data, callback) => {
      const row = alive(id);
      const { cookie } = data as { cookie: unknown };
      if (row !== undefined) rows.set(id, JSON.stringify({ ...row, cookie }));
      setImmediate(() => callback?.());
    };
  }
  return Object.assign(new Base(), store);
}

/** The rows under the names of their ids. Those whose id no answer has shown are in the order of what they hold. */
export function rowsOf(rows: Map<string, string>, names: Names): object {
  const isShown = ([id]: [string, string]): boolean => names.has(id);
  const unseen = [...rows]
    .filter((row) => !isShown(row))
    .sort(([, one], [, other]) => (one < other ? -1 : 1));
  const all = [...[...rows].filter(isShown), ...unseen].map(
    ([id, text]) => [names.of(id), JSON.parse(text) as object] as const,
  );
  return Object.fromEntries(all.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Names in place of random ids, in the order in which they turn up. */
export class Names {
  readonly #known = new Map<string, string>();

  has(id: string): boolean {
    return this.#known.has(id);
  }

  of(id: string): string {
    if (/^id-\d+$/.test(id)) return id;
    const name = this.#known.get(id) ?? `#${this.#known.size + 1}`;
    this.#known.set(id, name);
    return name;
  }

  /** A text with its ids, and without the signatures, which follow from them. */
  in(text: string): string {
    return text
      .replace(
        /("id":")([\w-]{20,})(")/g,
        (_, before: string, id: string, after: string) => before + this.of(id) + after,
      )
      .replace(/(s%3A)([\w-]+)\.[^;]+/g, (_, before: string, id: string) => before + this.of(id));
  }
}
