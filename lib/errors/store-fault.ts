/**
 * A failure of a store, with a message from this package, which contains nothing of a session. The messages of all other
 * errors of stores and drivers are replaced.
 */
export class StoreFault extends Error {}
