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
 * The data of a session as the application sees it, and the text it was read from. Changes are found by comparing text; the
 * changed keys are computed only when they are needed.
 */
export class SessionContent {
  readonly #data: object;
  readonly #memberNames: ReadonlySet<string>;
  readonly #strict: boolean;
  /** The text that changes are compared with. */
  #base = '{}';
  #isHandedOut = true;
  /** The data that could not be stored and caused an error of the application. */
  #failedText: string | undefined;
  #isCaching = false;
  #cachedText: string | undefined;

  constructor(data: object, { memberNames, strict }: Pick<SessionProfile, 'memberNames' | 'strict'>) {
    this.#data = data;
    this.#memberNames = memberNames;
    this.#strict = strict;
  }

  get data(): object {
    return this.#data;
  }

  /** Notes that the application has not got the object yet, so that it cannot have changed. */
  keepBack(): void {
    this.#isHandedOut = false;
  }

  /** Notes that the application has got the object, or an object in it, and may change it from now on. */
  handOut(): void {
    this.#isHandedOut = true;
  }

  /** The data as text. @throws SessionDataError naming a key that JSON cannot hold. */
  get text(): string {
    if (!this.#isHandedOut) return this.#base;
    const text = this.#cachedText ?? this.#textNow;
    if (this.#isCaching) this.#cachedText = text;
    return text;
  }

  get #textNow(): string {
    return textOf(this.#data, this.#memberNames, this.#strict);
  }

  /** Runs synchronous work, during which the data cannot change, and serializes the data only once. */
  serializingOnce<Result>(work: () => Result): Result {
    if (this.#isCaching) return work();
    this.#isCaching = true;
    try {
      return work();
    } finally {
      this.#isCaching = false;
      this.#cachedText = undefined;
    }
  }

  /** Notes that the data could not be stored as it is now, and that the application got an error. */
  markFailed(): void {
    this.#failedText = this.text;
  }

  /** Whether the application got an error for the data as it is now. */
  get isFailed(): boolean {
    return this.#failedText !== undefined && this.text === this.#failedText;
  }

  get isEmpty(): boolean {
    return this.text === '{}';
  }

  get isChanged(): boolean {
    return this.text !== this.#base;
  }

  /** Puts stored data on the object. @throws SyntaxError if it cannot be read. */
  fill(stored: string): void {
    const values = parseStored(stored);
    const hasMembers = this.#dropMembers(values);
    for (const key in values) if (Object.hasOwn(values, key)) setOwn(this.#data, key, values[key]);
    this.#base = hasMembers ? this.#textNow : stored;
  }

  /** The data as text, checked before it is stored. @throws SessionDataError naming a key that JSON cannot hold. */
  checkedText(): string {
    const { text } = this;
    if (this.#strict && text !== this.#base) refuseNonJson(this.#data, this.#memberNames);
    return text;
  }

  /** Notes that `text` is stored. */
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
   * Applies changes to newer data, and gives the result to the object. If both changed a key, the changes win. Values that
   * stay equal stay the same objects.
   *
   * @throws SyntaxError if the newer data cannot be read.
   */
  rebase(stored: string, changes: KeyChanges): void {
    const target = parseObject(stored);
    const base = this.#dropMembers(target) ? JSON.stringify(target) : stored;
    applyChanges(target, changes);
    replaceValues(this.#data, target, this.#memberNames);
    this.#base = base;
  }

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
