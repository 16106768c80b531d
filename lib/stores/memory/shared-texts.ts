/** So many different texts are remembered. */
const CAPACITY = 1_000;

/** One text for all that are equal, where few are different. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** The text that stands for this one. */
  of(text: string | null): string | null {
    if (text === null) return null;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= CAPACITY) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
