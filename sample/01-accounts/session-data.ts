import type { CartLine } from './cart/cart.js';
import type { Note } from './notes/note.js';

/** What this application keeps in a session, for `@Session() session: Session`: declared here, once. */
declare module 'nest-session' {
  interface SessionData {
    /** Set by `session.login(user.id)`. */
    userId?: string;
    /** For the head of every page, so that it costs no query. */
    userName?: string;
    cart?: CartLine[];
    notes?: Note[];
  }
}
