import type { CartLine } from './cart/cart.js';
import type { Note } from './notes/note.js';

/** What this application keeps in a session. This types `@Session() session: Session` everywhere. */
declare module 'nest-session' {
  interface SessionData {
    /** Set by `session.login(user.id)`. */
    userId?: string;
    /** For the navigation of every page, without a query. */
    userName?: string;
    cart?: CartLine[];
    notes?: Note[];
  }
}
