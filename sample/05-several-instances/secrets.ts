import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** The secrets for session cookies: the first signs, all verify. */
export class Secrets {
  #list: readonly string[];

  /**
   * @param text - As in `SESSION_SECRETS`: separated by commas.
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

  /** Adds a new secret at the end: instances verify with it, but do not sign with it yet. */
  async announce(): Promise<void> {
    await this.#keep([...this.#list, randomBytes(32).toString('base64url')]);
  }

  /** Moves the last secret to the front. */
  async promote(): Promise<void> {
    await this.#keep([...this.#list.slice(-1), ...this.#list.slice(0, -1)]);
  }

  /** Stores the secrets before they are used. Otherwise users would be signed out after a restart. */
  async #keep(list: readonly string[]): Promise<void> {
    if (this.file !== undefined) {
      const draft = `${this.file}.${process.pid}`;
      await writeFile(draft, list.join(','), { mode: 0o600 });
      await rename(draft, this.file); // atomically
    }
    this.#list = list;
  }
}
