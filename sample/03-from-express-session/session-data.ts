/** What the shop keeps in a session. */
interface Kept {
  userId?: string;
  views?: number;
}

/** For `req.session`. */
declare module 'nest-session/express' {
  interface SessionData extends Kept {}
}

/** For `@Session()`. */
declare module 'nest-session' {
  interface SessionData extends Kept {}
}
