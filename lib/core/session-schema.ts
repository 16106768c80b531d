import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { parseMeta } from './session-meta.js';
import type { SessionRecord } from './session-record.js';
import { parseObject } from './session-text.js';

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

/** What a record is given for `meta` where it cannot be used: nobody can read it, and the session is given up as corrupt. */
const UNREADABLE = '';

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
    const { schema, version = 0, migrate } = this.#options;
    try {
      const from = parseMeta(record.meta).version ?? 0;
      let data: unknown = parseObject(record.data);
      if (migrate !== undefined && from < version)
        data = await migrate(data as Record<string, unknown>, from);
      if (schema !== undefined) data = await checked(schema, data);
      const text = JSON.stringify(data);
      parseObject(text);
      return text === record.data && from >= version ? record : { ...record, data: text, due: 'changed' };
    } catch (error) {
      if (!(error instanceof SessionDataError || error instanceof SyntaxError)) warnOf(error);
      return { ...record, meta: UNREADABLE };
    }
  }

  /** @throws SessionDataError naming where data that is to be stored does not match. */
  async check(text: string): Promise<void> {
    if (this.#options.schema !== undefined) await checked(this.#options.schema, parseObject(text));
  }
}

/** A mistake in the application must not sign everybody out without a word. What the error says may quote the data. */
function warnOf(error: unknown): void {
  const name = error instanceof Error ? error.name : describe(error);
  process.emitWarning(messages.migrationFailed(name), { code: 'NEST_SESSION_MIGRATION' });
}

/** Data as the schema returns it. What the schema says of it is left out of the error: it may quote the data. */
async function checked(schema: StandardSchemaV1, data: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(data);
  if (result.issues === undefined) return result.value;
  const paths = result.issues.map(({ path }) => pathText(path));
  throw new SessionDataError(messages.schemaMismatch(paths.join(', ')));
}

function pathText(path: StandardSchemaV1.Issue['path']): string {
  const keys = (path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.length === 0 ? 'the whole' : keys.join('.');
}
