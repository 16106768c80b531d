import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** Refuses unknown options of a store, such as misspelt names. @throws SessionOptionsError */
export function refuseUnknownOptions(store: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new SessionOptionsError(messages.storeOptionUnknown(store, name, known.join(', ')));
  }
}
