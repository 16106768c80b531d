export {
  sessionStoreContract,
  type ContractSubject,
  type ContractTestFunctions,
} from './session-store.contract.js';
