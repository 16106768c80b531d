import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { parseMeta } from './session-meta.js';
import { type SessionRecord, unreadable } from './session-record.js';
import { parseObject, refuseNonJson } from './session-text.js';

/** Brings data of an older version up to date. */
export type Migrate = (
  data: Record<string, unknown>,
  from: number,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** What the application says its session data looks like. */
export interface SessionSchemaOptions {
  /** Checks data. */
  readonly schema: StandardSchemaV1 | undefined;
  /** The version of the data that this release of the application writes. */
  readonly version: number | undefined;
  readonly migrate: Migrate | undefined;
}

/** Checks session data against the application's schema, and brings it up to date, where it is loaded and where it is stored. */
export class SessionSchema {
  readonly #options: SessionSchemaOptions;

  constructor(options: SessionSchemaOptions) {
    this.#options = options;
  }

  /** The version that data is stored as. */
  get version(): number | undefined {
    return this.#options.version;
  }

  /** A record as this release of the application understands it: migrated, checked, and as the schema returns it. */
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
      // What a newer release has stored is read as it is: it is not for this one to strip.
      if (stored.from > version || (text === record.data && stored.from === version)) return record;
      return { ...record, data: text!, due: 'changed' };
    } catch (error) {
      if (!(error instanceof SessionDataError)) warnOf(error);
      return unreadable(record);
    }
  }

  async #upToDate(data: Record<string, unknown>, from: number): Promise<unknown> {
    const { schema, version = 0, migrate } = this.#options;
    const migrated: unknown = migrate !== undefined && from < version ? await migrate(data, from) : data;
    const upToDate = schema === undefined ? migrated : await checked(schema, migrated);
    if (holdsNonJson(upToDate)) throw new TypeError('not JSON');
    return upToDate;
  }

  /** @throws SessionDataError naming the keys of data that is to be stored and does not match. */
  async check(text: string): Promise<void> {
    const { schema } = this.#options;
    if (schema === undefined) return;
    try {
      await checked(schema, parseObject(text));
    } catch (error) {
      if (error instanceof SessionDataError) throw error;
      throw new SessionDataError(messages.schemaThrew(error instanceof Error ? error.name : describe(error)));
    }
  }
}

/** Whether `migrate` or the schema made something that JSON would drop or change without a word, such as a Set. */
function holdsNonJson(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  try {
    refuseNonJson(data);
    return false;
  } catch {
    return true;
  }
}

/** A mistake in the application must not sign everybody out without a word. What the error says may quote the data. */
function warnOf(error: unknown): void {
  const name = error instanceof Error ? error.name : describe(error);
  process.emitWarning(messages.migrationFailed(name), { code: 'NEST_SESSION_MIGRATION' });
}

/** So many keys are named. */
const MOST_KEYS = 5;

/** Data as the schema returns it. What the schema says of it is left out of the error, as are inner keys: both may be data. */
async function checked(schema: StandardSchemaV1, data: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(data);
  if (result.issues === undefined) return result.value;
  const keys = [...new Set(result.issues.map(({ path }) => topKey(path)))];
  const more = keys.length > MOST_KEYS ? [`${keys.length - MOST_KEYS} more`] : [];
  throw new SessionDataError(messages.schemaMismatch([...keys.slice(0, MOST_KEYS), ...more].join(', ')));
}

function topKey(path: StandardSchemaV1.Issue['path']): string {
  const [first] = path ?? [];
  if (first === undefined) return 'the whole';
  return JSON.stringify(String(typeof first === 'object' ? first.key : first));
}
