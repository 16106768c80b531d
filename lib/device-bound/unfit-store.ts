import { sealsCookies, type SessionStore, storeName } from '../core/store/session-store.js';
import { messages } from '../errors/messages.js';
import { SessionOptionsError } from '../errors/session-options.error.js';

/** @throws SessionOptionsError with the reason if sessions in a store cannot be bound to devices. */
export function refuseUnfitStore(store: SessionStore): void {
  const reason = sealsCookies(store)
    ? 'keeps nothing on the server, so that no challenge could be used up'
    : store.keepsIds || store.keepsCookies
      ? 'is a store that other programs read, too, which would open bound sessions without a proof; and it cannot make sure that a challenge is used once'
      : undefined;
  if (reason !== undefined) throw new SessionOptionsError(messages.deviceStore(storeName(store), reason));
}
