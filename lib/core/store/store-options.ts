import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** Refuses options a store does not know: a name misspelt is a setting without effect. @throws SessionOptionsError */
export function refuseUnknownOptions(store: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new SessionOptionsError(messages.storeOptionUnknown(store, name, known.join(', ')));
  }
}
