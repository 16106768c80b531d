import { cookieValues, hasCookie, MAX_COOKIE_BYTES } from './cookie-header.js';

/** A cookie to set; without a value, to expire. */
export type CookiePair = readonly [name: string, value: string];

/** The most cookies for one session: Node reads 16 KiB of headers by default. */
const MOST_PARTS = 8;

/** The first cookie of several contains their number. */
const HEAD = /^([2-8])\.([\w-]+)$/;
const HEAD_LENGTH = 2;

/** Each of the others identifies its token by some of the token's random characters. */
const STAMP = { begin: 2, end: 10 } as const;
const STAMP_LENGTH = STAMP.end - STAMP.begin + 1;

/**
 * Splits a token over several cookies, if allowed: `<count>.<part>` under the cookie's name, and `<stamp>.<part>` under that
 * name with `.1`, `.2` and so on. Parts of different tokens are never joined.
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

  /**
   * The tokens in a `Cookie` header, in order. A part without its other parts is returned unchanged; it is not a
   * valid token.
   */
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
   * The cookies for a token, and the remaining ones of a longer token, to expire. The empty token of an ended session expires
   * all.
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
