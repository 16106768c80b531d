import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** What session cookies are signed with: the first signs, all verify. */
export class Secrets {
  #list: readonly string[];

  /**
   * @param text - As in `SESSION_SECRETS`: with commas between them.
   * @param file - Where they are kept; undefined: nowhere.
   */
  constructor(
    text: string,
    private readonly file?: string,
  ) {
    this.#list = text
      .split(',')
      .map((secret) => secret.trim())
      .filter((secret) => secret !== '');
  }

  get list(): readonly string[] {
    return this.#list;
  }

  /** A new one, in the last place: all verify with it, none signs with it yet. */
  async announce(): Promise<void> {
    await this.#keep([...this.#list, randomBytes(32).toString('base64url')]);
  }

  /** The last one comes first. */
  async promote(): Promise<void> {
    await this.#keep([...this.#list.slice(-1), ...this.#list.slice(0, -1)]);
  }

  /** Kept before anything is signed with it: otherwise a restart would not know who was signed in. */
  async #keep(list: readonly string[]): Promise<void> {
    if (this.file !== undefined) {
      const draft = `${this.file}.${process.pid}`;
      await writeFile(draft, list.join(','), { mode: 0o600 });
      await rename(draft, this.file); // whole or not at all
    }
    this.#list = list;
  }
}
