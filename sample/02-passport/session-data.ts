/** What is in a session: one key of ours, one of Passport's. */
declare module 'nest-session' {
  interface SessionData {
    /** What a visitor has chosen; it stays when they sign in. */
    language?: string;
    /** Set by `req.login`: what `UserSerializer` makes of a user. */
    passport?: { user?: string };
  }
}

export {};
