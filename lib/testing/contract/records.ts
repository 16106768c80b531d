import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  type SessionChange,
  type SessionRecord,
  type SessionSummary,
  versionAfter,
} from '../../core/record/session-record.js';
import type { SessionStore } from '../../core/store/session-store.js';

const HOUR = 3_600_000;

/** The grace period of the token before a renewal. */
const GRACE = 30_000;

/** A key in the format of new sessions: 22 characters of base64url. */
export function newKey(): string {
  return randomBytes(16).toString('base64url');
}

/** A token in the format of the module: 43 characters of base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** A new record that expires in an hour; every nullable field is null. */
export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    key: newKey(),
    token: newToken(),
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version: versionAfter(0),
    data: '{"n":1}',
    meta: null,
    userId: null,
    reference: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    authenticatedAt: null,
    ip: null,
    userAgent: null,
    ...fields,
  };
}

export function newRecords(count: number, fields: Partial<SessionRecord> = {}): SessionRecord[] {
  return Array.from({ length: count }, () => newRecord(fields));
}

/** A change of `record`: another version, with these fields. */
export function changeOf(record: SessionRecord, fields: Partial<SessionRecord> = {}): SessionChange {
  const next = { ...record, version: versionAfter(record.version), ...fields };
  return { key: record.key, version: record.version, next };
}

/** A touch of `record`: the same version, seen `later` milliseconds later. */
export function touchOf(record: SessionRecord, later: number): SessionChange {
  const { version, lastSeenAt, expiresAt } = record;
  return changeOf(record, { version, lastSeenAt: lastSeenAt + later, expiresAt: expiresAt + later });
}

/** A scheduled renewal of the id of `record`: another token, and a grace period for the previous one. */
export function renewalOf(record: SessionRecord): SessionChange {
  const previousUntil = Date.now() + GRACE;
  return changeOf(record, { token: newToken(), previousToken: record.token, previousUntil });
}

/** A login in the session of `record`: another token and the next epoch. */
export function loginOf(record: SessionRecord, userId: string, createdAt = record.createdAt): SessionChange {
  const previous = { previousToken: null, previousUntil: null };
  const epoch = record.epoch + 1;
  const authenticatedAt = Date.now();
  return changeOf(record, { token: newToken(), ...previous, epoch, userId, createdAt, authenticatedAt });
}

/** Stores the records. The store must accept each of them. */
export async function created(store: SessionStore, records: readonly SessionRecord[]): Promise<void> {
  assert.deepEqual(
    [...(await store.create(records))],
    records.map(() => true),
  );
}

export async function readOne(store: SessionStore, key: string): Promise<SessionRecord | undefined> {
  const answers = await store.read([key]);
  assert.equal(answers.length, 1);
  return answers[0];
}

export function keysOf(
  records: readonly (SessionRecord | SessionSummary | undefined)[],
): (string | undefined)[] {
  return Array.from(records, (record) => record?.key); // an array of this realm
}

/** Fails unless `actual` equals `expected`, field by field, and has no other fields. */
export function assertRecord(actual: SessionRecord | undefined, expected: SessionRecord): void {
  assert.ok(actual !== undefined, 'the record was not found');
  const { data, meta, ...fields } = actual;
  const { data: expectedData, meta: expectedMeta, ...expectedFields } = expected;
  assert.deepEqual({ ...fields }, expectedFields);
  // Not equal(), which would print a long text and compute the difference of two long texts for minutes.
  assert.ok(data === expectedData, 'the store returned changed data');
  assert.ok(meta === expectedMeta, 'the store returned changed meta');
}
