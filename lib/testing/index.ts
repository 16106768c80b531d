export { cookieFrom, type CookieSource, type ResponseWithHeaders } from './cookie-from.js';
export {
  type FailingStore,
  failingStore,
  type FailureOptions,
  type FaultScope,
  type StoreFaults,
  type StoreMethod,
} from './failing-store.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export {
  openSession,
  type OpenSessionOptions,
  signIn,
  type SignInData,
  type SignInOptions,
  type TestSessionData,
} from './open-session.js';
export { readSession, type StoredSession } from './read-session.js';
export {
  sessionStoreContract,
  type ContractSubject,
  type ContractTestFunctions,
  type SessionStoreContractOptions,
} from './session-store.contract.js';
