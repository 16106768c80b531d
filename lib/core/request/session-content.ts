import type { SessionProfile } from './session-rules.js';
import {
  applyChanges,
  changesBetween,
  type KeyChanges,
  parseObject,
  parseStored,
  refuseNonJson,
  replaceValues,
  setOwn,
  textOf,
} from '../record/session-text.js';

/**
 * The data of a session as the application has it in hand, beside the text it was read from. What changed is found by
 * comparing text; which keys changed is worked out only when somebody asks.
 */
export class SessionContent {
  readonly #data: object;
  readonly #memberNames: ReadonlySet<string>;
  readonly #strict: boolean;
  /** What changes are measured against. */
  #base = '{}';
  /** The data that could not be stored, if the application knows of it. */
  #givenUp: string | undefined;
  #isGlancing = false;
  #glance: string | undefined;

  constructor(data: object, { memberNames, strict }: Pick<SessionProfile, 'memberNames' | 'strict'>) {
    this.#data = data;
    this.#memberNames = memberNames;
    this.#strict = strict;
  }

  /** The object the application works with. */
  get data(): object {
    return this.#data;
  }

  /** The data as it would be stored now. @throws SessionDataError naming a key that JSON cannot hold. */
  get text(): string {
    const text = this.#glance ?? textOf(this.#data, this.#memberNames, this.#strict);
    if (this.#isGlancing) this.#glance = text;
    return text;
  }

  /** Runs what does not let the application run in between: it looks at the data once. */
  atOnce<Result>(work: () => Result): Result {
    if (this.#isGlancing) return work();
    this.#isGlancing = true;
    try {
      return work();
    } finally {
      this.#isGlancing = false;
      this.#glance = undefined;
    }
  }

  /** Notes that the data could not be stored as it is now, and that the application was told. */
  giveUp(): void {
    this.#givenUp = this.text;
  }

  /** Whether the application knows that the data could not be stored as it is. */
  get isGivenUp(): boolean {
    return this.#givenUp !== undefined && this.text === this.#givenUp;
  }

  get isEmpty(): boolean {
    return this.text === '{}';
  }

  get isChanged(): boolean {
    return this.text !== this.#base;
  }

  /** Puts stored data on the object. @throws SyntaxError when it cannot be read. */
  fill(stored: string): void {
    const values = parseStored(stored);
    const hasMembers = this.#dropMembers(values);
    for (const key in values) if (Object.hasOwn(values, key)) setOwn(this.#data, key, values[key]);
    this.#base = hasMembers ? this.text : stored;
  }

  /** The data as it is to be stored, checked. @throws SessionDataError naming a key that JSON cannot hold. */
  checkedText(): string {
    const { text } = this;
    if (this.#strict && text !== this.#base) refuseNonJson(this.#data, this.#memberNames);
    return text;
  }

  /** Takes note that `text` is stored. */
  stored(text: string): void {
    this.#base = text;
  }

  /** What the application changed since the data was this text. */
  changesSince(text: string): KeyChanges {
    return changesBetween(text, this.text);
  }

  /** What the application changed since the data was read. */
  changes(): KeyChanges {
    return changesBetween(this.#base, this.text);
  }

  /**
   * Makes the object hold newer data with changes on top: where both changed a key the changes win. Values that stay
   * the same stay the same objects.
   *
   * @throws SyntaxError when the newer data cannot be read.
   */
  rebase(stored: string, changes: KeyChanges): void {
    const target = parseObject(stored);
    const base = this.#dropMembers(target) ? JSON.stringify(target) : stored;
    applyChanges(target, changes);
    replaceValues(this.#data, target, this.#memberNames);
    this.#base = base;
  }

  /** Removes every key but those named. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of Object.keys(this.#data)) if (!keys.has(key)) Reflect.deleteProperty(this.#data, key);
  }

  #dropMembers(values: object): boolean {
    let hasMembers = false;
    for (const key of Object.keys(values)) {
      if (!this.#memberNames.has(key)) continue;
      Reflect.deleteProperty(values, key);
      hasMembers = true;
    }
    return hasMembers;
  }
}
