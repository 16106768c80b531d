import { digestOf } from '../../../../lib/core/record/session-id.js';
import {
  type SessionChange,
  type SessionRecord,
  versionAfter,
} from '../../../../lib/core/record/session-record.js';

const NOW = Date.UTC(2026, 0, 1);

/** A record as the engine hands it to a store that seals cookies. */
export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: 'k'.repeat(22),
    token: digestOf('an id'),
    previousToken: null,
    previousUntil: null,
    epoch: 0,
    version: versionAfter(0),
    data: '{"color":"green"}',
    meta: null,
    userId: null,
    reference: null,
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 1_800_000,
    authenticatedAt: null,
    ip: null,
    userAgent: null,
    ...fields,
  };
}

/** The change of a record into its next version, with these fields. */
export function changeOf(record: SessionRecord, fields: Partial<SessionRecord> = {}): SessionChange {
  const { key, version } = record;
  return { key, version, next: { ...record, version: versionAfter(version), ...fields } };
}
