import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import { parseMeta } from './session-meta.js';
import { type SessionRecord, unreadable } from './session-record.js';
import { parseObject, refuseNonJson } from './session-text.js';
import { within } from './time-limit.js';

/** Brings data of an older version up to date. */
type Migrate = (
  data: Record<string, unknown>,
  from: number,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** The options about the form of session data. */
export interface SessionSchemaOptions {
  /** Checks data. */
  readonly schema: StandardSchemaV1 | undefined;
  /** The version of the data that this release of the application writes. */
  readonly version: number | undefined;
  readonly migrate: Migrate | undefined;
  /** Milliseconds that `migrate` and the schema may take, each. */
  readonly timeout: number;
}

/** How many different warnings are emitted, each once. */
const MOST_WARNINGS = 8;

/** Checks session data against the application's schema, and migrates it, when it is loaded and when it is stored. */
export class SessionSchema {
  readonly #options: SessionSchemaOptions;
  readonly #warnings = new Set<string>();

  constructor(options: SessionSchemaOptions) {
    this.#options = options;
  }

  /** The version that data is stored as. */
  get version(): number | undefined {
    return this.#options.version;
  }

  /**
   * A record with its data migrated, checked, and as the schema returns it.
   *
   * @throws SessionUsageError if `migrate` or the schema does not settle. The session itself is kept.
   */
  async load(record: SessionRecord): Promise<SessionRecord> {
    const { version = 0 } = this.#options;
    let stored: { readonly from: number; readonly data: Record<string, unknown> };
    try {
      stored = { from: parseMeta(record.meta).version ?? 0, data: parseObject(record.data) };
    } catch {
      return unreadable(record);
    }
    try {
      const text = JSON.stringify(await this.#upToDate(stored.data, stored.from)) as string | undefined;
      parseObject(text ?? 'null');
      // Data of a newer version is not changed, because this release would remove keys from it.
      if (stored.from > version || (text === record.data && stored.from === version)) return record;
      return { ...record, data: text!, due: 'changed' };
    } catch (error) {
      if (error instanceof SessionUsageError) throw error;
      if (!(error instanceof SessionDataError)) this.#warnOf(error);
      return unreadable(record);
    }
  }

  async #upToDate(data: Record<string, unknown>, from: number): Promise<unknown> {
    const { schema, version = 0, migrate } = this.#options;
    const isOld = migrate !== undefined && from < version;
    const migrated: unknown = isOld ? await this.#inTime('migrate', migrate(data, from)) : data;
    const upToDate = schema === undefined ? migrated : await this.#checked(schema, migrated);
    if (holdsNonJson(upToDate)) throw new TypeError('not JSON');
    return upToDate;
  }

  /** Checks data before it is stored. @throws SessionDataError naming the keys that do not match. */
  async check(text: string): Promise<void> {
    const { schema } = this.#options;
    if (schema === undefined) return;
    try {
      await this.#checked(schema, parseObject(text));
    } catch (error) {
      if (error instanceof SessionDataError || error instanceof SessionUsageError) throw error;
      throw new SessionDataError(messages.schemaThrew(error instanceof Error ? error.name : describe(error)));
    }
  }

  /** Data as the schema returns it. The error leaves out the schema's messages and inner keys: both may hold data. */
  async #checked(schema: StandardSchemaV1, data: unknown): Promise<unknown> {
    const result = await this.#inTime('schema', schema['~standard'].validate(data));
    if (result.issues === undefined) return result.value;
    const keys = [...new Set(result.issues.map(({ path }) => topKey(path)))];
    const more = keys.length > MOST_KEYS ? [`${keys.length - MOST_KEYS} more`] : [];
    throw new SessionDataError(messages.schemaMismatch([...keys.slice(0, MOST_KEYS), ...more].join(', ')));
  }

  /** The result of one of the application's functions, with a time limit. */
  #inTime<Result>(
    option: 'migrate' | 'schema',
    result: Result | PromiseLike<Result>,
  ): Result | Promise<Result> {
    if (!isPromise(result)) return result;
    const { timeout } = this.#options;
    return within(timeout, result, () => new SessionUsageError(messages.schemaSilent(option, timeout)));
  }

  /**
   * Warns once: a mistake in the application must not silently sign all users out. The warning leaves out the error's
   * message, which may quote data.
   */
  #warnOf(error: unknown): void {
    const warning = messages.migrationFailed(error instanceof Error ? error.name : describe(error));
    if (this.#warnings.has(warning) || this.#warnings.size >= MOST_WARNINGS) return;
    this.#warnings.add(warning);
    process.emitWarning(warning, { code: 'NEST_SESSION_MIGRATION' });
  }
}

function isPromise<Result>(result: Result | PromiseLike<Result>): result is PromiseLike<Result> {
  return typeof (result as Partial<PromiseLike<Result>> | null | undefined)?.then === 'function';
}

/** Whether `migrate` or the schema returned a value that JSON would silently drop or change, such as a Set. */
function holdsNonJson(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  try {
    refuseNonJson(data);
    return false;
  } catch {
    return true;
  }
}

/** How many keys an error names. */
const MOST_KEYS = 5;

function topKey(path: StandardSchemaV1.Issue['path']): string {
  const [first] = path ?? [];
  if (first === undefined) return 'the whole';
  return JSON.stringify(String(typeof first === 'object' ? first.key : first));
}
