export type { CookieAttributes, SessionCookie } from './core/record/session-cookie.js';
// A star export: only then can applications merge their own keys into SessionData.
export * from './core/session-data.js';
export type {
  DestroyedReason,
  RejectedReason,
  RotatedReason,
  SessionEvent,
} from './core/record/session-events.js';
export type { SessionChange, SessionRecord, SessionSummary } from './core/record/session-record.js';
export type {
  PrunableSessionStore,
  ReferenceSessionStore,
  SessionStore,
  StoreCapability,
  StoreOutcome,
  UserSessionStore,
} from './core/store/session-store.js';
export type { SessionObject } from './core/session.js';
export type { ActAsOptions, LoginOptions } from './core/session-login.js';
export { CsrfToken } from './decorators/csrf-token.decorator.js';
export { AllowAnonymous } from './decorators/allow-anonymous.decorator.js';
export { Flash } from './decorators/flash.decorator.js';
export {
  RequireSession,
  type SessionPredicate,
  type SessionRequirement,
} from './decorators/require-session.decorator.js';
export {
  type LoginRequirement,
  RequireLogin,
  type RequireLoginOptions,
} from './decorators/require-login.decorator.js';
export { PassiveSession } from './decorators/passive-session.decorator.js';
export { SkipCsrf } from './decorators/skip-csrf.decorator.js';
export { SessionId } from './decorators/session-id.decorator.js';
export { Session } from './decorators/session.decorator.js';
export { CsrfError } from './errors/access/csrf.error.js';
export { DeviceProofRequiredError } from './errors/access/device-proof-required.error.js';
export { DeviceUnboundError } from './errors/access/device-unbound.error.js';
export { LoginActingError } from './errors/access/login-acting.error.js';
export { LoginLevelError } from './errors/access/login-level.error.js';
export { LoginRequiredError } from './errors/access/login-required.error.js';
export { LoginStaleError } from './errors/access/login-stale.error.js';
export { SessionAccessError } from './errors/access/session-access.error.js';
export { SessionForbiddenError } from './errors/access/session-forbidden.error.js';
export { SessionRequiredError } from './errors/access/session-required.error.js';
export { SessionCapabilityError } from './errors/session-capability.error.js';
export { SessionConflictError } from './errors/session-conflict.error.js';
export { SessionDataError } from './errors/session-data.error.js';
export { SessionEndedError } from './errors/session-ended.error.js';
export { type LockReason, SessionLockedError } from './errors/session-locked.error.js';
export { SessionOptionsError } from './errors/session-options.error.js';
export { SessionStoreError } from './errors/session-store.error.js';
export { SessionUsageError } from './errors/session-usage.error.js';
export { SessionError } from './errors/session.error.js';
export { CsrfGuard } from './guards/csrf.guard.js';
export { SessionGuard } from './guards/session.guard.js';
export type { SessionMiddleware } from './http/session.middleware.js';
export type { ClearSiteDataDirective } from './options/clear-site-data.js';
export type { SessionCookieOptions } from './options/cookie-options.js';
export type { SessionCsrfOptions } from './options/csrf-options.js';
export type { SessionDeviceBoundOptions } from './options/device-bound-options.js';
export type { SessionEncryptionOptions } from './options/encryption-options.js';
export type { Duration } from './options/option-checks.js';
export type { SessionPolicy } from './options/policy.js';
export type { SessionModuleOptions, SessionOptionsFactory } from './options/session-options.interface.js';
export type { SessionStoreFactory } from './options/store-factory.interface.js';
export { SessionEvents } from './services/session-events.js';
export {
  type SessionHealth,
  SessionHealthIndicator,
  type SessionHealthOptions,
} from './services/session-health.indicator.js';
export { type SessionInfo, type SessionOrHandle, SessionService } from './services/session.service.js';
export { SESSION_MIDDLEWARE, SESSION_OPTIONS, SESSION_STORE } from './session.constants.js';
export { SessionModule } from './session.module.js';
export { MemorySessionStore, type MemorySessionStoreOptions } from './stores/memory/memory-session.store.js';
