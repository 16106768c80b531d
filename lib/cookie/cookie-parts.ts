import { cookieValues, hasCookie, MAX_COOKIE_BYTES } from './cookie-header.js';

/** A cookie as it is to be set; without a value, as it is to be expired. */
export type CookiePair = readonly [name: string, value: string];

/** So many cookies for one session at most: Node reads no more than 16 KiB of headers unless it is told to. */
const MOST_PARTS = 8;

/** The first cookie of several says how many there are. */
const HEAD = /^([2-8])\.([\w-]+)$/;
const HEAD_LENGTH = 2;

/** Each of the others says which sealing it belongs to: characters of the token that are random. */
const STAMP = { begin: 2, end: 10 } as const;
const STAMP_LENGTH = STAMP.end - STAMP.begin + 1;

/**
 * How a token stands in cookies: in one as it is; in several, where that is allowed, as `<count>.<part>` under the
 * cookie's name and as `<stamp>.<part>` under that name with `.1`, `.2` and so on behind it. Parts of different tokens are
 * never put together.
 */
export class CookieParts {
  readonly #name: string;
  readonly #most: number;

  /**
   * @param name - The name of the cookie.
   * @param most - How many cookies a token may take: 1 to {@link MOST_PARTS}.
   */
  constructor(name: string, most: number) {
    this.#name = name;
    this.#most = most;
  }

  /** How many characters a token may have. */
  get maxLength(): number {
    if (this.#most === 1) return this.#room(0);
    let length = this.#room(0) - HEAD_LENGTH;
    for (let part = 1; part < this.#most; part++) length += this.#room(part) - STAMP_LENGTH;
    return length;
  }

  /** The tokens that a `Cookie` header holds, in order. What cannot be put together is left as it stands, and is no token. */
  join(header: string | undefined): string[] {
    const heads = cookieValues(header, this.#name);
    if (this.#most === 1) return heads;
    const parts = new Map<number, string[]>();
    const valuesOf = (part: number): string[] => {
      const values = parts.get(part) ?? cookieValues(header, this.#nameOf(part));
      parts.set(part, values);
      return values;
    };
    return heads.map((head) => this.#joined(head, valuesOf) ?? head);
  }

  /**
   * The cookies for a token, and those to be expired that a longer one has left behind. The empty token is that of an
   * ended session, all of whose cookies are.
   */
  split(token: string, header: string | undefined): CookiePair[] {
    const pairs = token.length <= this.#room(0) ? [[this.#name, token] as const] : this.#parts(token);
    for (let part = pairs.length; part < MOST_PARTS; part++) {
      const name = this.#nameOf(part);
      if (hasCookie(header, name)) pairs.push([name, '']);
    }
    return pairs;
  }

  #parts(token: string): CookiePair[] {
    const stamp = token.slice(STAMP.begin, STAMP.end);
    const parts: string[] = [];
    for (let at = 0; at < token.length; at += parts.at(-1)!.length) {
      const frame = parts.length === 0 ? HEAD_LENGTH : STAMP_LENGTH;
      parts.push(token.slice(at, at + this.#room(parts.length) - frame));
    }
    return parts.map((part, index) => [this.#nameOf(index), `${index === 0 ? parts.length : stamp}.${part}`]);
  }

  #joined(head: string, valuesOf: (part: number) => string[]): string | undefined {
    const [, count, begin] = HEAD.exec(head) ?? [];
    if (begin === undefined || Number(count) > this.#most) return undefined;
    const stamp = `${begin.slice(STAMP.begin, STAMP.end)}.`;
    let token = begin;
    for (let part = 1; part < Number(count); part++) {
      const value = valuesOf(part).find((one) => one.startsWith(stamp));
      if (value === undefined) return undefined;
      token += value.slice(stamp.length);
    }
    return token;
  }

  #nameOf(part: number): string {
    return part === 0 ? this.#name : `${this.#name}.${part}`;
  }

  #room(part: number): number {
    return MAX_COOKIE_BYTES - this.#nameOf(part).length;
  }
}
